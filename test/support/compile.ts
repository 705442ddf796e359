import { runProcess } from './run.ts';

const FLAGS = '--noEmit --strict --module nodenext --target es2022 --types node'.split(' ');

/**
 * What TypeScript has to say of a file, as a strict application would have it checked; `""` if it is content.
 *
 * @param folder a project with typescript and @types/node installed
 */
export async function complaintsOf(folder: string, file: string, ...flags: string[]): Promise<string> {
  const { code, stdout } = await runProcess('npx', ['tsc', ...FLAGS, ...flags, file], { cwd: folder });
  return code === 0 ? '' : stdout || `tsc ended with ${code}`;
}
