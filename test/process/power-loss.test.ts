import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import type { Durability } from '../../src/export/policy.ts';
import { FaultyDisk } from '../support/faulty-disk.ts';
import { rotatedMessages } from '../support/rotated-files.ts';
import { ended, startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FIXTURE = path.join(import.meta.dirname, '../fixtures/export/acknowledged-lines.ts');

describe('when the power is lost', { concurrency: 2 }, () => {
  for (const [files, maxBytes] of [
    ['one file', 1e9],
    ['files that rotate', 5000],
  ] as const) {
    for (const count of [1, 50, 500, 2000]) {
      it(`every record that was acknowledged is on the disk, after ${count} of them, in ${files}`, async (t) => {
        const { acknowledged, found } = await lostPower(t, 'disk', maxBytes, count);
        assert.ok(acknowledged.length >= count);
        assert.deepEqual(
          acknowledged.filter((number) => !found.has(number)),
          [],
        );
      });
    }
  }

  it('what was only handed to the operating system is lost, as the test would see', async (t) => {
    const { acknowledged, found } = await lostPower(t, 'os', 1e9, 50);
    assert.ok(acknowledged.some((number) => !found.has(number)));
  });
});

/** Kills a process that has had so many records acknowledged, and drops what had not been synced. */
async function lostPower(
  t: TestContext,
  durability: Durability,
  maxBytes: number,
  count: number,
): Promise<{ acknowledged: number[]; found: ReadonlySet<number> }> {
  const directory = temporaryFolder(t);
  const disk = new FaultyDisk(t, directory);
  const child = startProcess(process.execPath, [FIXTURE, directory, durability, String(maxBytes)], { env: disk.env });
  let lines = 0;
  child.stdout?.on('data', (text: Buffer | string) => {
    lines += String(text).split('\n').length - 1;
    if (lines >= count) child.kill('SIGKILL');
  });
  const { stdout, stderr } = await ended(child);
  assert.equal(stderr, '');
  disk.losePower();
  const whole = stdout.slice(0, stdout.lastIndexOf('\n')).split('\n');
  return {
    acknowledged: whole.map(Number),
    found: new Set(rotatedMessages(directory, 'audit').map((message) => Number(message.split(' ')[0]))),
  };
}
