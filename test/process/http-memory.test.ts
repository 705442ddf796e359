import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodeBinary } from '../support/install.ts';
import { readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GIGABYTE = 2 ** 30;
const REGISTER = ['--import', 'activity-audit/register'];

/** What a fixture printed, run with all that it asks for. */
async function printed(directory: string, ...args: string[]): Promise<unknown> {
  const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
  const { stdout, stderr } = await runProcess(await nodeBinary('24.21.0'), ['--expose-gc', ...args], { env });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

describe('memory', { concurrency: true }, () => {
  const ways = [['up'], ['down'], ['up', 'http2'], ['down', 'http2']] as const;
  for (const [way, ...over] of ways) {
    it(`is at most 20 MB more with us where a gigabyte goes ${[way, ...over].join(' over ')}`, async (t) => {
      const directory = temporaryFolder(t);
      const pipe = (...args: string[]): Promise<unknown> =>
        printed(directory, ...args, 'test/fixtures/http/pipe-a-gigabyte.mjs', way, ...over);
      const alone = (await pipe()) as { memory: number; received: number };
      const audited = (await pipe(...REGISTER)) as typeof alone;
      assert.equal(audited.received, GIGABYTE);
      const more = audited.memory - alone.memory;
      assert.ok(more < 20e6, `${more} bytes`);

      const size = way === 'up' ? 'request_size' : 'response_size';
      assert.deepEqual(
        readRecords(directory, 'api').map((record) => record[size]),
        [GIGABYTE, GIGABYTE],
      );
    });
  }

  for (const version of ['1', '2']) {
    it(`is not kept for who answered early and got the rest, over HTTP/${version}`, async (t) => {
      const directory = temporaryFolder(t);
      const fixture = 'test/fixtures/http/answered-early.mjs';
      assert.equal(await printed(directory, ...REGISTER, fixture, version), 0);
      assert.equal(readRecords(directory, 'api').length, 40);
    });
  }

  it('is not kept for what is done, in requests by the thousand', async (t) => {
    const directory = temporaryFolder(t);
    const fixture = 'test/fixtures/http/many-requests.mjs';
    const heap = (await printed(directory, ...REGISTER, fixture, '6000')) as number[];
    assert.equal(readRecords(directory, 'api').length, 12_000);
    // What Node and V8 keep in the first of them is settled then.
    const grown = Number(heap.at(-1)) - Number(heap[2]);
    assert.ok(grown < 1e6, `${grown} bytes in 4200 requests: ${heap.join(' ')}`);
  });
});
