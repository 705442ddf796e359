import assert from 'node:assert/strict';
import { on } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { type Fault, FaultyDisk } from '../support/faulty-disk.ts';
import { messagesIn } from '../support/rotated-files.ts';
import { startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { foreignRecord } from './exporter-contract.ts';

const FIXTURE = path.join(import.meta.dirname, '../fixtures/export/emit-lines.ts');
const COUNT = 200;

/** What a disk does to the writes of a process, of which nobody is to notice anything. */
const HICCUPS: Readonly<Record<string, readonly Fault[]>> = {
  'takes one byte at a time': [{ call: 'write', to: 3000, short: 1 }],
  'takes half a line now and then': [10, 50, 51, 90].map((from) => ({ call: 'write', from, to: from, short: 70 })),
  'takes nothing of a write at first': [{ call: 'write', from: 20, to: 25, short: 0 }],
  'is interrupted': [{ call: 'write', from: 5, to: 9, error: 'EINTR' }],
  'asks to try again': [{ call: 'write', from: 5, to: 9, error: 'EAGAIN' }],
  'asks to try again in the middle of a line': [
    { call: 'write', from: 5, to: 5, short: 30 },
    { call: 'write', from: 6, to: 9, error: 'EAGAIN' },
  ],
  'is slow': [{ call: 'write', to: 20, sleep: 5 }],
};

/** What is told, and not to be noticed in the file. */
const FAILURES: Readonly<Record<string, readonly Fault[]>> = {
  'fails now and then': [5, 6, 100].map((from) => ({ call: 'write', from, to: from, error: 'EIO' })),
  'fails in the middle of a line': [
    { call: 'write', from: 5, to: 5, short: 30 },
    { call: 'write', from: 6, to: 8, error: 'EIO' },
  ],
  'takes nothing at all for a while': [{ call: 'write', from: 20, to: 350, short: 0 }],
  'cannot be opened for a while': [
    { call: 'write', from: 5, to: 5, error: 'EIO' },
    { call: 'open', from: 2, to: 5, error: 'EMFILE' },
  ],
};

describe('a file', { concurrency: 2 }, () => {
  for (const [what, faults] of Object.entries(HICCUPS)) {
    it(`has every line once, whole and in order, on a disk that ${what}`, async (t) => {
      const { file, end } = await emitted(t, faults);
      assert.equal(await end(), '');
      assert.deepEqual(numbersIn(file), upTo(COUNT));
    });
  }

  for (const [what, faults] of Object.entries(FAILURES)) {
    it(`has every line once, whole and in order, on a disk that ${what}, which is told`, async (t) => {
      const { file, end } = await emitted(t, faults);
      assert.match(
        await end(),
        /^activity-audit: app records can't be written, and wait in memory: (?:EIO|EAGAIN|EMFILE)/,
      );
      assert.deepEqual(numbersIn(file), upTo(COUNT));
    });
  }

  it('goes on in the middle of the line that a full disk has cut, when there is room', async (t) => {
    const { file, disk, emitOne, end } = await emitted(t, [{ call: 'write', room: 10_000 }]);
    assert.equal(readFileSync(file).length, 10_000);
    await emitOne();
    assert.equal(readFileSync(file).length, 10_000);
    disk.fail();
    await emitOne();
    assert.deepEqual(numbersIn(file), upTo(COUNT + 2));
    assert.doesNotMatch(await end(), /in the middle of a line/);
  });

  it('has a line that a crash has torn closed off as JSON, which is told once', (t) => {
    const directory = temporaryFolder(t);
    const file = path.join(directory, 'audit.log');
    const torn = `{"level":"AUDIT","message":"${'x'.repeat(100_000)}`;
    writeFileSync(file, `{"message":"whole"}\n${torn}`);
    const said = t.mock.method(process.stderr, 'write', () => true);
    const exporter = new FileLogRecordExporter({ directory });
    t.after(() => exporter.shutdown());
    for (const message of ['1', '2'])
      exporter.export([{ ...foreignRecord(message), severityText: 'AUDIT' }], ({ code }) => assert.equal(code, 0));
    const [whole, second, ...rest] = readFileSync(file, 'utf8').split('\n');
    assert.deepEqual(
      [whole, second, rest.length, rest.at(-1)],
      ['{"message":"whole"}', `${torn}","torn":true}`, 3, ''],
    );
    assert.deepEqual(
      said.mock.calls.map(({ arguments: [text] }) => text),
      [`activity-audit: ${file} ended in the middle of a line, after ${torn.length} bytes; it was closed off\n`],
    );
  });
});

describe('a disk of the tests', () => {
  it('loses what was not synced with its power', async (t) => {
    const folder = temporaryFolder(t);
    const disk = new FaultyDisk(t, folder);
    const program = `
      const fs = require('node:fs');
      const fd = fs.openSync('synced', 'a');
      fs.writeSync(fd, 'safe');
      fs.fdatasync(fd, () => { fs.writeSync(fd, 'lost'); fs.writeFileSync('never', 'lost'); });`;
    const child = startProcess(process.execPath, ['-e', program], { cwd: folder, env: disk.env, stdio: 'inherit' });
    await new Promise((resolve) => void child.on('close', resolve));
    assert.equal(readFileSync(path.join(folder, 'synced'), 'utf8'), 'safelost');
    disk.losePower();
    assert.equal(readFileSync(path.join(folder, 'synced'), 'utf8'), 'safe');
    assert.equal(readFileSync(path.join(folder, 'never'), 'utf8'), '');
  });
});

interface Emitted {
  readonly file: string;
  readonly disk: FaultyDisk;
  /** Has the process emit another record, and flush. */
  readonly emitOne: () => Promise<void>;
  /** @returns what the process said on stderr */
  readonly end: () => Promise<string>;
}

/** A process that emitted and flushed its records on such a disk. */
async function emitted(t: TestContext, faults: readonly Fault[]): Promise<Emitted> {
  const directory = temporaryFolder(t);
  const disk = new FaultyDisk(t, directory);
  disk.fail(...faults);
  const child = startProcess(process.execPath, [FIXTURE, directory, String(COUNT)], { env: disk.env, stdio: 'pipe' });
  t.after(() => child.kill('SIGKILL'));
  const { stdin, stdout } = child;
  assert.ok(stdin && stdout);
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr += String(text)));
  const closed = new Promise((resolve) => void child.on('close', resolve));
  const flushed = on(stdout, 'data', { close: ['end'] });
  await flushed.next();
  return {
    file: path.join(directory, 'app.log'),
    disk,
    async emitOne() {
      stdin.write('\n');
      await flushed.next();
    },
    async end() {
      stdin.end();
      await closed;
      return stderr;
    },
  };
}

function numbersIn(file: string): number[] {
  return messagesIn(file).map((message) => Number(message.split(' ')[0]));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
