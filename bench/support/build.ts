import { existsSync } from 'node:fs';

/** Ends the process, saying why, unless the package has been built in the working directory: that is what is measured. */
export function expectBuild(): void {
  if (existsSync('dist/register.js')) return;
  console.error(
    'There is no dist/register.js here: run `npm run build` first, and this from the folder of package.json.',
  );
  process.exit(1);
}
