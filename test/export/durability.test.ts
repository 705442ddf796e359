import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import { temporaryFolder } from '../support/temporary-folder.ts';

const ALL = { audit: 1000, api: 1000, app: 1000 };

/** How a process ends, and what its parent sees of that: its exit code or its signal. */
const ENDINGS: readonly (readonly [ending: string, seen: number | string])[] = [
  ['naturally', 0],
  ['by process.exit', 3],
  ['by an exception', 1],
  ['by a rejection', 1],
  ['by SIGTERM', 'SIGTERM'],
  ['by SIGINT', 'SIGINT'],
  ['by SIGHUP', 'SIGHUP'],
  ['by its own handler of SIGTERM', 7],
  ['later, since it ignores SIGTERM', 8],
  ['in a shutdown', 6],
];

describe('the records of a process', { concurrency: 2 }, () => {
  for (const [ending, seen] of ENDINGS) {
    it(`are all there when it ends ${ending}, which the parent sees as ever`, async (t) => {
      const directory = temporaryFolder(t);
      assert.equal(await end(t, 'ending.ts', directory, ending), seen);
      assert.deepEqual(countLines(directory), ALL);
    });
  }

  it('are all there of its audit when it is killed', async (t) => {
    const directory = temporaryFolder(t);
    assert.equal(await end(t, 'ending.ts', directory, 'by SIGKILL'), 'SIGKILL');
    assert.equal(countLines(directory).audit, 1000);
  });

  it('are all there of what it logs while it exits', async (t) => {
    const directory = temporaryFolder(t);
    assert.equal(await end(t, 'ending.ts', directory, 'by what its exit listener logs'), 0);
    assert.deepEqual(countLines(directory), { audit: 2000, api: 2000, app: 2000 });
  });

  it('make it outlive no signal that arrives while they are written', async (t) => {
    const directory = temporaryFolder(t);
    assert.equal(await end(t, 'signal-in-a-turn.ts', directory), 'SIGTERM');
    assert.equal(countLines(directory).app, 100);
  });
});

/** Runs a fixture to its end, and returns its exit code or the signal that ended it. */
async function end(t: TestContext, fixture: string, ...args: string[]): Promise<unknown> {
  const file = path.join(import.meta.dirname, '../fixtures/export', fixture);
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'inherit', 'pipe'] });
  child.stderr.on('data', (text: Buffer) => t.diagnostic(String(text).slice(0, 200)));
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? code;
}

/** How many lines each file has, all of which parse. */
function countLines(directory: string): { audit: number; api: number; app: number } {
  const count = (stream: string): number => {
    const file = path.join(directory, `${stream}.log`);
    if (!existsSync(file)) return 0;
    const lines = readFileSync(file, 'utf8').split('\n');
    assert.equal(lines.pop(), '', 'the last line is whole');
    for (const line of lines) JSON.parse(line);
    return lines.length;
  };
  return { audit: count('audit'), api: count('api'), app: count('app') };
}
