import assert from 'node:assert/strict';
import type { SpawnOptions } from 'node:child_process';
import { on } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import { FaultyDisk } from '../support/faulty-disk.ts';
import { NODE_VERSIONS, nodeBinary } from '../support/install.ts';
import { ended, readIncoming, readRecords, startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REQUESTS = 40;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** How a process ends, and what its parent sees of that: its exit code or its signal. */
const ENDINGS: Readonly<Record<string, number | string>> = {
  'process.exit': 3,
  'an exception': 1,
  'a rejection': 1,
  SIGTERM: 'SIGTERM',
  SIGINT: 'SIGINT',
  SIGHUP: 'SIGHUP',
  SIGKILL: 'SIGKILL',
  'out of memory': 'SIGABRT',
};

describe('the records of register', { concurrency: 2 }, () => {
  for (const version of [NODE_VERSIONS[0], NODE_VERSIONS[2]]) {
    for (const [ending, seen] of Object.entries(ENDINGS)) {
      it(`outlive a Node.js ${version} that ends by ${ending}`, async (t) => {
        const directory = temporaryFolder(t);
        const { code, signal, stdout } = await ended(await start(directory, version, ending));
        assert.equal(signal ?? code, seen);
        const known = stdout.trimEnd().split('\n').map(Number);
        assert.ok(known.length >= REQUESTS);
        // A row may be there whose number could not be printed any more.
        assert.deepEqual(createdIn(directory).slice(0, known.length), known);
        assert.equal(readIncoming(directory).length, REQUESTS);
      });
    }
  }
});

describe('a process that records', { concurrency: 2 }, () => {
  it('goes on while its disk is read-only, as after an error of it, and records all that was kept', async (t) => {
    const directory = temporaryFolder(t);
    const disk = new FaultyDisk(t, directory);
    const writer = await running(t, directory, { env: disk.env });
    disk.fail({ call: 'write', error: 'EROFS' }, { call: 'open', error: 'EROFS' });
    for (let row = 0; row < 10; row += 1) await writer.create();
    assert.deepEqual(createdIn(directory), upTo(REQUESTS));
    disk.fail();
    const last = await writer.create();
    await until(nextTurn, () => createdIn(directory).at(-1) === last);
    assert.deepEqual(createdIn(directory), upTo(REQUESTS + 11));
    assert.match(await writer.end(), /audit records can't be written, and wait in memory: EROFS/);
  });

  for (const [what, harm] of Object.entries({
    'its file is deleted': (directory: string) => rmSync(path.join(directory, 'audit.log')),
    'its folder is deleted': (directory: string) => rmSync(directory, { recursive: true }),
    'its folder is replaced by an empty one': (directory: string) => {
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
    },
  })) {
    it(`begins a new file within a second or so when ${what}, and loses none of what comes then`, async (t) => {
      const directory = path.join(temporaryFolder(t), 'logs');
      const writer = await running(t, directory);
      harm(directory);
      await until(
        () => writer.create(),
        () => existsSync(path.join(directory, 'audit.log')),
      );
      const [first = 0] = createdIn(directory);
      const last = await writer.create();
      assert.deepEqual(createdIn(directory), range(first, last));
      assert.equal(await writer.end(), '');
    });
  }

  it('goes on at its beginning when its file is truncated', async (t) => {
    const directory = temporaryFolder(t);
    const writer = await running(t, directory);
    truncateSync(path.join(directory, 'audit.log'));
    const next = await writer.create();
    assert.deepEqual(createdIn(directory), [next]);
    assert.equal(await writer.end(), '');
  });

  for (const [what, revoke] of Object.entries({
    'of its folder': (directory: string) => chmodSync(directory, 0),
    'of its file': (directory: string) => chmodSync(path.join(directory, 'audit.log'), 0),
    'of both': (directory: string) => {
      chmodSync(path.join(directory, 'audit.log'), 0);
      chownSync(directory, 0, 0);
      chmodSync(directory, 0o700);
    },
  })) {
    it(
      `goes on with its file when it loses the permissions ${what}`,
      { skip: !isRoot && 'it takes root' },
      async (t) => {
        const directory = path.join(temporaryFolder(t), 'logs');
        mkdirSync(directory);
        chmodSync(path.dirname(directory), 0o755);
        chownSync(directory, NOBODY, NOBODY);
        const writer = await running(t, directory, { uid: NOBODY, gid: NOBODY });
        revoke(directory);
        // Until it has looked at its path again, which it does once a second.
        const since = Date.now();
        await until(
          () => writer.create(),
          () => Date.now() - since > 1100,
        );
        const last = await writer.create();
        assert.deepEqual(createdIn(directory), upTo(last + 1));
        await writer.end();
      },
    );
  }
});

interface Running {
  /** @returns the number of the row that it created */
  readonly create: () => Promise<number>;
  /** @returns what it said on stderr */
  readonly end: () => Promise<string>;
}

/** A process that has created its first rows, and creates more when it is told to. */
async function running(t: TestContext, directory: string, options: SpawnOptions = {}): Promise<Running> {
  const child = await start(directory, NODE_VERSIONS[2], 'with stdin', options);
  t.after(() => child.kill('SIGKILL'));
  const { stdin, stdout } = child;
  assert.ok(stdin && stdout);
  const end = ended(child);
  const printed = on(stdout, 'data', { close: ['end'] });
  const next = async (): Promise<string> => String(((await printed.next()) as { value: unknown[] }).value[0]);
  for (let rows = 0; rows < REQUESTS;) rows += (await next()).trimEnd().split('\n').length;
  return {
    async create() {
      stdin.write('\n');
      return Number(await next());
    },
    async end() {
      stdin.end();
      return (await end).stderr;
    },
  };
}

async function start(
  directory: string,
  version: string,
  ending: string,
  options: SpawnOptions = {},
): Promise<ReturnType<typeof startProcess>> {
  const args = [
    '--max-old-space-size=64',
    '--import',
    'activity-audit/register',
    'test/fixtures/register/rows.mjs',
    ending,
  ];
  const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false', ...options.env };
  return startProcess(await nodeBinary(version), args, { stdio: 'pipe', ...options, env });
}

function createdIn(directory: string): number[] {
  return readRecords(directory, 'audit').map((record) => (record['instance_repr'] as { number: number }).number);
}

function upTo(count: number): number[] {
  return range(0, count - 1);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function until(again: () => Promise<unknown>, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isSo()) {
    assert.ok(Date.now() < deadline, 'it did not come to that within ten seconds');
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await again();
  }
}
