/**
 * Runs the test files of another project, in its folder, once without us and once with the built `register`, each in a
 * process of its own. A file whose results differ is run three more times each way, and told if they still do.
 *
 *   node …/scripts/compare-suite.ts 'node' test/parallel/test-http-*.js
 *   node …/scripts/compare-suite.ts 'npx mocha --reporter tap --exit' test/*.js
 *
 * The result of a file is how its process ended, and the lines of TAP that say which of its tests passed. The flags that
 * Node's own tests name in a comment are given to `node`. Exits with 1 if a file differs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const AGAIN = 3;
const TIME_OUT_MS = 60_000;
const WITHOUT = 'data:text/javascript,';
const WITH = new URL('../dist/register.js', import.meta.url).href;

const [command = '', ...files] = process.argv.slice(2);
const [program = '', ...args] = command.split(' ');
const audit = mkdtempSync(path.join(os.tmpdir(), 'activity-audit-suite-'));
const count = { same: 0, unsteady: 0, different: 0, failing: 0 };

for (const file of files) {
  const result = await resultOf(file, WITHOUT);
  if (!result.startsWith('0 ')) count.failing += 1;
  const kind = result === (await resultOf(file, WITH)) ? 'same' : await lookedAtAgain(file);
  count[kind] += 1;
  if (kind !== 'same') console.log(`${kind}: ${file}`);
}
rmSync(audit, { recursive: true });
console.log(`${files.length} files`, count);
process.exitCode = count.different > 0 ? 1 : 0;

/** Different is what never comes out the same way with us as without; what sometimes does is unsteady by itself. */
async function lookedAtAgain(file: string): Promise<'unsteady' | 'different'> {
  const results = { without: new Set<string>(), with: new Set<string>() };
  for (let time = 0; time < AGAIN; time += 1) {
    results.without.add(await resultOf(file, WITHOUT));
    results.with.add(await resultOf(file, WITH));
  }
  return [...results.with].some((result) => results.without.has(result)) ? 'unsteady' : 'different';
}

async function resultOf(file: string, preload: string): Promise<string> {
  const child = spawn(program, [...args, ...flagsOf(file), file], {
    // A group of its own, which is ended whole: tests leave processes behind.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${preload}`,
      // Of Node's tests, which complain of globals that they don't know.
      NODE_TEST_KNOWN_GLOBALS: '0',
      ACTIVITY_AUDIT_DIRECTORY: audit,
      ACTIVITY_AUDIT_CONSOLE: 'false',
    },
  });
  const end = (): void => void (child.pid && endGroup(child.pid));
  const timer = setTimeout(end, TIME_OUT_MS);
  const told = text(child.stdout);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  end();
  return [`${code ?? signal} `, ...resultsIn(await told)].join('\n');
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Without the numbers, which depend on the order, and the times. */
function resultsIn(tap: string): string[] {
  const results = tap.matchAll(/^\s*((?:not )?ok) \d+(.*?)(?:# (?:time|duration).*)?$/gm);
  return [...results].map(([, result, name]) => `${result}${name}`).toSorted();
}

function flagsOf(file: string): string[] {
  if (program !== 'node') return [];
  return /^\/\/ Flags: (.*)/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim().split(/\s+/) ?? [];
}
