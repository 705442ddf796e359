/**
 * Puts into `dist` what a process start would pay for file by file (`bench/start.ts`): `register` becomes one file, and
 * `vendor/opentelemetry` holds its packages. The other files stay as tsc made them, one for one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';

import { type Metafile, type Plugin, build } from 'esbuild';

const { metafile } = await build({
  entryPoints: ['src/register.ts', 'src/vendor/opentelemetry.ts'],
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // The ESM builds of the packages, of which only what is used gets in.
  mainFields: ['module', 'main'],
  plugins: [requiredBuiltins()],
  // Says to who only looks at the text that these are ES modules.
  footer: { js: 'export {};' },
  banner: { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
  // A quarter of the text, which costs 1.4 ms and 0.6 MB at each start; the source map leads back from any line.
  minifyWhitespace: true,
  lineLimit: 200,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
});
for (const file of ['dist/register.js', 'dist/vendor/opentelemetry.js']) {
  writeFileSync(file, withOwnExports(readFileSync(file, 'utf8')));
}
writeFileSync('dist/THIRD-PARTY-NOTICES.txt', notices(metafile));

/**
 * Asks for Node's own modules by `require`. An `import` makes Node read every property of a module for its named exports,
 * and lazy ones, of `util` and `fs` say, then load half of Node.
 */
function requiredBuiltins(): Plugin {
  const names = new Set(builtinModules);
  return {
    name: 'required-builtins',
    setup(bundling) {
      bundling.onResolve({ filter: /^[a-z_:]+$/, namespace: 'file' }, ({ path: specifier }) => {
        const name = specifier.replace(/^node:/, '');
        return names.has(name) ? { path: name, namespace: 'builtin' } : undefined;
      });
      bundling.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({
        contents: `module.exports = require('node:${name}');`,
      }));
    },
  };
}

/** esbuild's helper would take for an export what a library has put on the prototype of all objects, and throw. */
function withOwnExports(bundle: string): string {
  const helper = /for\s*\(var\s+name\s+in\s+all\)/;
  if (bundle.includes('__export(') && !helper.test(bundle))
    throw new Error("esbuild's helper has changed: mend withOwnExports in scripts/bundle.ts");
  return bundle.replace(helper, 'for(var name of Object.keys(all))');
}

/** The licenses of all packages that got into a bundle. */
function notices({ inputs }: Metafile): string {
  const folders = new Set(
    Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  return [...folders]
    .toSorted()
    .map(notice)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const file = ['LICENSE', 'LICENSE.md', 'license.md', 'license']
    .map((known) => path.join(folder, known))
    .find(existsSync);
  if (!file)
    throw new Error(`${name} has no license file: look at its package, and say here what its license asks for`);
  return `${name} ${version} (${license})\n\n${readFileSync(file, 'utf8').trim()}\n`;
}
