import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { foreignRecord } from '../export/exporter-contract.ts';
import { NODE_VERSIONS, nodeBinary } from '../support/install.ts';
import { rotatedMessages, rotatedNames } from '../support/rotated-files.ts';
import { ended, runProcess, startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const isRoot = process.getuid?.() === 0;
const FIXTURES = 'test/fixtures/export';

/** Of each writer; `ROTATION_RECORDS` says another number. */
const RECORDS = Number(process.env['ROTATION_RECORDS'] ?? 100_000);
const WRITERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('several processes whose files rotate', () => {
  it(`lose, double and mix up no line: ${WRITERS.length} of ${RECORDS} records`, async (t) => {
    const directory = temporaryFolder(t);
    const results = await Promise.all(
      WRITERS.map((writer) =>
        runProcess(process.execPath, [path.join(FIXTURES, 'rotate-lines.ts'), directory, writer, String(RECORDS)]),
      ),
    );
    for (const { code, stderr } of results) assert.deepEqual([code, stderr], [0, '']);
    assert.ok(rotatedNames(directory, 'app').length > RECORDS / 600);

    const numbers = new Map<string, number[]>(WRITERS.map((writer) => [writer, []]));
    for (const message of rotatedMessages(directory, 'app')) {
      const [writer = '', number] = message.split(' ');
      numbers.get(writer)?.push(Number(number));
    }
    for (const [writer, written] of numbers) {
      const wrong = written.findIndex((number, index) => number !== index);
      assert.deepEqual([writer, wrong, written.length], [writer, -1, RECORDS]);
    }
  });

  it('may be the processes and threads of a cluster, each of whose lines tells where it is from', async (t) => {
    const directory = temporaryFolder(t);
    const env = {
      ACTIVITY_AUDIT_DIRECTORY: directory,
      ACTIVITY_AUDIT_CONSOLE: 'false',
      ACTIVITY_AUDIT_ROTATION: '20kb, daily',
      ACTIVITY_AUDIT_RETENTION: '1 days, audit: 10 files',
      ACTIVITY_AUDIT_PROCESS_FIELDS: 'true',
    };
    const node = await nodeBinary(NODE_VERSIONS[0]);
    const args = ['--import', 'activity-audit/register', 'test/fixtures/register/cluster.mjs'];
    const { code, stderr } = await runProcess(node, args, { env });
    assert.deepEqual([code, stderr], [0, '']);

    const names = rotatedNames(directory, 'api');
    assert.ok(names.length > 10);
    const records = names.flatMap((name) =>
      readFileSync(path.join(directory, name), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { record_id: string; pid: number }),
    );
    // In and out, in three threads and between the processes.
    assert.equal(records.length, 2 * 300 * 4);
    assert.equal(new Set(records.map((record) => record.record_id)).size, records.length);
    assert.equal(new Set(records.map(({ pid }) => pid)).size, 4);
  });
});

describe('a process that is killed while its files rotate and are compressed', () => {
  it('has left every line once, and the next one brings to an end what it began', async (t) => {
    const directory = temporaryFolder(t);
    let next = 0;
    let halfDone = 0;
    // Until one has cut off a compression, which is chance.
    for (let kill = 0; kill < 8 || (halfDone === 0 && kill < 100); kill += 1) {
      const args = [path.join(FIXTURES, 'rotate-until-killed.ts'), directory, String(next)];
      const writer = startProcess(process.execPath, args);
      const end = ended(writer);
      await once(writer.stdout!, 'data');
      setTimeout(() => writer.kill('SIGKILL'), Math.random() * 150);
      const { stdout, stderr } = await end;
      assert.equal(stderr, '');
      const there = rotatedMessages(directory, 'app').map(Number);
      assert.deepEqual(
        there,
        there.map((_, index) => index),
      );
      assert.ok(there.length >= Number(stdout.trimEnd().split('\n').at(-1)));
      next = there.length;
      halfDone += readdirSync(directory).some((name) => name.endsWith('.tmp')) ? 1 : 0;
    }
    assert.ok(halfDone > 0, 'no compression was cut off');
    const anHourLater = (): number => Date.now() + 3_600_000;
    const exporter = new FileLogRecordExporter({ directory, rotation: { maxBytes: 2000 }, now: anHourLater });
    exporter.export([foreignRecord(String(next))], ({ code }) => assert.equal(code, 0));
    await exporter.shutdown();
    assert.equal(rotatedMessages(directory, 'app').length, next + 1);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.endsWith('.tmp')),
      [],
    );
    const compressed = readdirSync(directory).filter((name) => name.endsWith('.gz'));
    assert.ok(compressed.length > 10);
    // Who was killed while it closed a file may have left an empty one.
    const plain = readdirSync(directory).filter((name) => name.endsWith('.log'));
    assert.equal(plain.filter((name) => statSync(path.join(directory, name)).size > 0).length, 2);
    for (const name of compressed) gunzipSync(readFileSync(path.join(directory, name)));
  });
});

describe('several containers that write one folder', () => {
  it(
    'lose and double no line that was taken, though each is killed at any time',
    { skip: !isRoot && 'it takes root' },
    async (t) => {
      const directory = temporaryFolder(t);
      const taken = new Map<number, number>();
      const runFrom = async (first: number): Promise<void> => {
        const fixture = path.join(FIXTURES, 'rotate-until-killed.ts');
        const args = [
          '--pid',
          '--fork',
          '--kill-child',
          '--mount-proc',
          process.execPath,
          fixture,
          directory,
          String(first),
        ];
        const container = startProcess('unshare', args);
        const end = ended(container);
        await once(container.stdout!, 'data');
        setTimeout(() => container.kill('SIGKILL'), Math.random() * 300);
        const { stdout, stderr } = await end;
        assert.equal(stderr, '');
        taken.set(first, Number(stdout.trimEnd().split('\n').at(-1)) - first + 1);
      };
      // Each container writes numbers of its own, and is begun again twice.
      const lives = [1, 2, 3].map((life) => life * 1_000_000);
      await Promise.all(
        [1, 2, 3].map(async (container) => {
          // oxlint-disable-next-line no-await-in-loop -- one life after the other
          for (const life of lives) await runFrom(container * 100_000_000 + life);
        }),
      );
      const all = rotatedMessages(directory, 'app').map(Number);
      assert.equal(taken.size, 9);
      for (const [first, count] of taken) {
        const numbers = all.filter((number) => number >= first && number < first + 1_000_000);
        assert.ok(numbers.length >= count, `${count} were taken, ${numbers.length} are there`);
        // By the fast clock, a claim of a name is too old at once, so that two may close files in another order.
        assert.deepEqual(
          numbers.toSorted((one, other) => one - other),
          numbers.map((_, index) => first + index),
        );
      }
    },
  );
});

describe('a Node.js without zstd', () => {
  it('is told at start', async (t) => {
    const env = { ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(t), ACTIVITY_AUDIT_ROTATION: 'daily,zstd' };
    const node = await nodeBinary(NODE_VERSIONS[0]);
    const { code, stderr } = await runProcess(node, ['--import', 'activity-audit/register', '-e', ''], { env });
    assert.equal(code, 1);
    assert.match(stderr, /compressing with zstd takes Node\.js 22\.15 or newer; set compress to gzip/);
  });
});
