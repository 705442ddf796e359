import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { FileLogRecordExporter, type FileLogRecordExporterOptions } from '../../src/export/file-log-record-exporter.ts';
import { messagesIn, rotatedMessages, rotatedNames } from '../support/rotated-files.ts';
import { type FileIdentity, Tail } from '../support/tail.ts';
import { smallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { exporterContract, foreignRecord } from './exporter-contract.ts';

/** Each record is one too many. */
const EACH = { maxBytes: 10 };
const DAY_MS = 86_400_000;
const today = (): string => new Date().toISOString().slice(0, 10);

exporterContract(
  'FileLogRecordExporter with rotation',
  (t) => new FileLogRecordExporter({ directory: temporaryFolder(t), rotation: EACH }),
);

describe('a file that rotates', () => {
  it('keeps its plain name, and gets one that sorts when it is closed', (t) => {
    const { directory, write } = exporterIn(t, { rotation: { maxBytes: 1500 } });
    for (let index = 0; index < 20; index += 1) write(`${index} ${'x'.repeat(200)}`);
    const names = rotatedNames(directory, 'app');
    assert.match(names[0] ?? '', /^app-\d{4}-\d\d-\d\d\.0001\.log$/);
    assert.match(names[1] ?? '', /^app-\d{4}-\d\d-\d\d\.0002\.log$/);
    assert.equal(names.at(-1), 'app.log');
    for (const name of names) assert.ok(statSync(path.join(directory, name)).size <= 1500, name);
    assert.deepEqual(
      rotatedMessages(directory, 'app').map((message) => Number(message.split(' ')[0])),
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('is closed on a new day, also by a process that comes later, with the day on which it began', async (t) => {
    const first = exporterIn(t, { rotation: { every: 'day' } });
    first.write('1');
    first.write('2');
    await first.shutdown();
    const second = exporterIn(t, { directory: first.directory, rotation: { every: 'day' } });
    second.pass(DAY_MS);
    second.write('3');
    assert.deepEqual(rotatedNames(first.directory, 'app'), [`app-${today()}.0001.log`, 'app.log']);
    assert.deepEqual(messagesIn(path.join(first.directory, 'app.log')), ['3']);
  });

  it('is followed by the other processes that write it when one of them closes it', (t) => {
    const one = exporterIn(t, { rotation: { every: 'hour' } });
    const other = exporterIn(t, { directory: one.directory, rotation: { every: 'hour' } });
    one.write('1');
    other.write('2');
    one.pass(3_700_000);
    one.write('3');
    other.pass(10);
    other.write('4');
    assert.equal(rotatedNames(one.directory, 'app').length, 2);
    assert.deepEqual(messagesIn(path.join(one.directory, 'app.log')), ['3', '4']);
  });

  it('stays one file while its clock goes back and forth', (t) => {
    const { directory, write, pass } = exporterIn(t, { rotation: { every: 'hour', maxBytes: 1_000_000 } });
    for (const ms of [0, -60_000, 60_000, -1000, 5]) {
      pass(ms);
      write('x');
    }
    assert.deepEqual(rotatedNames(directory, 'app'), ['app.log']);
  });

  it('is closed where the clock was set back to another hour, once, and is followed and made anew then, too', (t) => {
    const one = exporterIn(t, { rotation: { every: 'hour' } });
    const other = exporterIn(t, { directory: one.directory, rotation: { every: 'hour' } });
    one.write('1');
    other.write('2');
    one.pass(-3 * 3_600_000);
    one.write('3');
    other.pass(-3 * 3_600_000);
    other.write('4');
    assert.deepEqual(rotatedMessages(one.directory, 'app'), ['1', '2', '3', '4']);
    rmSync(path.join(one.directory, 'app.log'));
    other.pass(-20);
    other.write('5');
    assert.deepEqual(messagesIn(path.join(one.directory, 'app.log')), ['5']);
  });

  for (const hours of [-5, 5]) {
    it(`is closed once an hour by a process whose clock is ${hours} hours from that of the file system`, (t) => {
      const { directory, write, pass } = exporterIn(t, { rotation: { every: 'hour', maxBytes: 1_000_000 } });
      pass(hours * 3_600_000);
      for (let index = 0; index < 10; index += 1) {
        pass(20);
        write(String(index));
      }
      assert.ok(rotatedNames(directory, 'app').length <= 2, String(rotatedNames(directory, 'app')));
      pass(3_600_000);
      write('10');
      assert.deepEqual(rotatedMessages(directory, 'app').map(Number), upTo(11));
    });
  }

  it('is made anew, and loses no later line, when it was removed', (t) => {
    const { directory, write, pass } = exporterIn(t, { rotation: { every: 'day' } });
    write('1');
    rmSync(path.join(directory, 'app.log'));
    pass(10);
    write('2');
    assert.deepEqual(rotatedMessages(directory, 'app'), ['2']);
    rmSync(directory, { recursive: true });
    pass(10);
    write('3');
    assert.deepEqual(rotatedMessages(directory, 'app'), ['3']);
  });

  it('is not closed by two at once; one that was killed at it is in the way for a second', (t) => {
    const { directory, write, pass } = exporterIn(t, { rotation: EACH });
    write('1');
    writeFileSync(path.join(directory, `app-${today()}.0001.log`), '');
    write('2');
    assert.deepEqual(messagesIn(path.join(directory, 'app.log')), ['1', '2']);
    pass(2000);
    write('3');
    assert.deepEqual(rotatedNames(directory, 'app').slice(1), [`app-${today()}.0002.log`, 'app.log']);
    assert.deepEqual(messagesIn(path.join(directory, 'app.log')), ['3']);
  });

  it('never replaces a file that has a name it would take', (t) => {
    const { directory, write } = exporterIn(t, { rotation: EACH });
    writeFileSync(path.join(directory, `app-${today()}.0001.log`), '{"message":"mine"}\n');
    write('1');
    write('2');
    assert.deepEqual(rotatedMessages(directory, 'app'), ['mine', '1', '2']);
  });

  it('is closed beside files of others whose names look alike, and beside folders', (t) => {
    const { directory, write } = exporterIn(t, { rotation: EACH });
    const day = `app-${today()}`;
    for (const name of [
      `${day}.99999999999999999999.log`,
      `${day}.1e+21.log`,
      `${day}.0000009.log.gz.gz`,
      `app-${today()}.log`,
    ])
      writeFileSync(path.join(directory, name), '');
    mkdirSync(path.join(directory, `${day}.0007.log`));
    for (const message of ['1', '2', '3']) write(message);
    assert.deepEqual(messagesIn(path.join(directory, `${day}.0008.log`)), ['1']);
    assert.deepEqual(messagesIn(path.join(directory, `${day}.0009.log`)), ['2']);
    assert.deepEqual(messagesIn(path.join(directory, 'app.log')), ['3']);
  });

  it('may be a symbolic link, as may its folder, and loses no line', async (t) => {
    const real = temporaryFolder(t);
    const directory = path.join(temporaryFolder(t), 'logs');
    symlinkSync(real, directory);
    const elsewhere = path.join(temporaryFolder(t), 'elsewhere.log');
    symlinkSync(elsewhere, path.join(real, 'app.log'));
    const { write, restart } = exporterIn(t, { directory, rotation: EACH });
    for (const message of ['1', '2', '3']) write(message);
    assert.deepEqual(messagesIn(elsewhere), ['1']);
    await restart(20_000, '4');
    assert.deepEqual(rotatedMessages(real, 'app'), ['1', '2', '3', '4']);
    assert.deepEqual(messagesIn(elsewhere), ['1']);
  });

  it('is gone on with where it cannot be closed, and says so once', (t) => {
    const directory = path.join(temporaryFolder(t), 'logs');
    mkdirSync(directory);
    writeFileSync(path.join(directory, 'app.log'), '', { mode: 0o666 });
    chmodSync(path.join(directory, 'app.log'), 0o666);
    chmodSync(path.dirname(directory), 0o755);
    chmodSync(directory, 0o1777);
    const fixture = path.join(import.meta.dirname, '../fixtures/export/rotate-as-nobody.ts');
    const { stdout, stderr } = spawnSync(process.execPath, [fixture, directory], { encoding: 'utf8' });
    assert.equal(stdout, '000');
    assert.equal(
      stderr.match(/activity-audit: rotating a file, .* failed: Error: (?:EPERM|EACCES)/g)?.length,
      1,
      stderr,
    );
    assert.deepEqual(messagesIn(path.join(directory, 'app.log')), ['1', '2', '3']);
    assert.deepEqual(readdirSync(directory), ['app.log']);
  });
});

describe('a closed file', () => {
  for (const compress of ['gzip', 'zstd'] as const) {
    it(`is compressed by ${compress} when the next is closed and it lies still, for nobody else to read`, async (t) => {
      const { directory, write, restart } = exporterIn(t, { rotation: { ...EACH, compress } });
      for (const message of ['1', '2', '3', '4']) write(message);
      await restart(20_000, '5');
      const extension = compress === 'gzip' ? 'gz' : 'zst';
      assert.deepEqual(
        rotatedNames(directory, 'app').map((name) => name.replace(/.*\d\./, '')),
        [`log.${extension}`, `log.${extension}`, `log.${extension}`, 'log', 'app.log'],
      );
      assert.deepEqual(rotatedMessages(directory, 'app'), ['1', '2', '3', '4', '5']);
      for (const name of readdirSync(directory)) assert.equal(statSync(path.join(directory, name)).mode & 0o777, 0o600);
    });
  }

  it('stays as it is for some seconds, and without compression for ever', async (t) => {
    for (const [compress, ms] of [
      ['gzip', 9_000],
      [false, DAY_MS],
    ] as const) {
      const { directory, write, restart } = exporterIn(t, { rotation: { ...EACH, compress } });
      for (const message of ['1', '2', '3']) write(message);
      await restart(ms, '4');
      assert.ok(readdirSync(directory).every((name) => name.endsWith('.log')));
    }
  });

  it('is compressed anew where a process was killed at it', async (t) => {
    const { directory, write, restart } = exporterIn(t, { rotation: EACH });
    const closed = (number: number): string => path.join(directory, `app-2026-01-01.000${number}.log`);
    for (const number of [1, 2, 3]) writeFileSync(closed(number), `{"message":"old ${number}"}\n`);
    writeFileSync(`${closed(1)}.gz.tmp`, gzipSync('{"message":"o').subarray(0, 15));
    writeFileSync(`${closed(2)}.gz`, gzipSync('{"message":"old 2"}\n'));
    for (const name of readdirSync(directory)) utimesSync(path.join(directory, name), 0, 0);
    write('1');
    await restart(60_000, '2');
    assert.deepEqual(rotatedNames(directory, 'app'), [
      'app-2026-01-01.0001.log.gz',
      'app-2026-01-01.0002.log.gz',
      'app-2026-01-01.0003.log.gz',
      `app-${today()}.0001.log`,
      'app.log',
    ]);
    assert.deepEqual(rotatedMessages(directory, 'app'), ['old 1', 'old 2', 'old 3', '1', '2']);
  });

  it('is compressed, and others deleted, though one cannot be, which is told', async (t) => {
    const said = t.mock.method(process.stderr, 'write', () => true);
    const { directory, write, restart } = exporterIn(t, { rotation: EACH, retention: { files: 4 } });
    for (const folder of ['app-2026-01-01.0001.log', `app-${today()}.0001.log.gz`, `app-${today()}.0002.log.gz.tmp`])
      mkdirSync(path.join(directory, folder));
    writeFileSync(path.join(directory, `app-${today()}.0001.log`), '{"message":"0"}\n');
    for (const message of ['1', '2', '3', '4', '5']) write(message);
    utimesSync(path.join(directory, `app-${today()}.0002.log.gz.tmp`), 0, 0);
    await restart(120_000, '6');
    assert.deepEqual(
      rotatedNames(directory, 'app').filter((name) => statSync(path.join(directory, name)).isFile()),
      [`3.log.gz`, '4.log.gz', '5.log.gz', '6.log'].map((end) => `app-${today()}.000${end}`).concat('app.log'),
    );
    assert.deepEqual(said.mock.calls.length, 1);
    assert.match(String(said.mock.calls[0]?.arguments[0]), /compressing and deleting closed files failed: Error: E/);
  });

  it('stays as it is while the disk is too full to compress it, and is compressed later', async (t) => {
    const disk = smallDisk(t, '512k');
    if (!disk) return;
    const closed = path.join(disk.folder, 'app-2026-01-01.0001.log');
    const text = `${JSON.stringify({ message: randomBytes(150_000).toString('base64') })}\n`;
    writeFileSync(closed, text);
    const ballast = path.join(disk.folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(200 * 1024));
    const { restart } = exporterIn(t, { directory: disk.folder, rotation: EACH });
    await restart(20_000, '1');
    await restart(40_000, '2');
    assert.equal(readFileSync(closed, 'utf8'), text);
    assert.ok(readdirSync(disk.folder).every((name) => !name.includes('.gz')));

    rmSync(ballast);
    await restart(60_000, '3');
    assert.equal(gunzipSync(readFileSync(`${closed}.gz`)).toString(), text);
    assert.ok(!existsSync(closed));
    assert.deepEqual(rotatedMessages(disk.folder, 'app').slice(1), ['1', '2', '3']);
  });

  it('is left alone while it is empty, as the name that somebody is about to give to a file', async (t) => {
    const { directory, write, restart } = exporterIn(t, { rotation: EACH });
    const claim = path.join(directory, 'app-2026-01-01.0001.log');
    writeFileSync(claim, '');
    utimesSync(claim, 0, 0);
    for (const message of ['1', '2', '3']) write(message);
    await restart(20_000, '4');
    assert.deepEqual(rotatedNames(directory, 'app')[0], 'app-2026-01-01.0001.log');
  });

  it('is left to the process that compresses it', async (t) => {
    const { directory, write, restart } = exporterIn(t, { rotation: EACH });
    for (const message of ['1', '2', '3']) write(message);
    const [first = ''] = rotatedNames(directory, 'app');
    writeFileSync(path.join(directory, `${first}.gz.tmp`), 'of another process');
    await restart(20_000, '4');
    assert.ok(existsSync(path.join(directory, first)));
    assert.equal(readFileSync(path.join(directory, `${first}.gz.tmp`), 'utf8'), 'of another process');
  });

  it('is deleted as the retention says, but no audit file, and nothing else', async (t) => {
    const retention = { files: 2 };
    const { directory, write, restart } = exporterIn(t, { rotation: { ...EACH, compress: false }, retention });
    const foreign = ['app-old.log', 'app.log.1', 'app-2020-01-01.0001.log.bak'];
    for (const name of foreign) writeFileSync(path.join(directory, name), 'x');
    for (const message of ['1', '2', '3', '4', '5']) {
      write(message);
      write(message, 'AUDIT');
    }
    await restart(20_000, '6');
    for (const name of foreign) rmSync(path.join(directory, name));
    assert.deepEqual(rotatedMessages(directory, 'app'), ['4', '5', '6']);
    assert.deepEqual(rotatedMessages(directory, 'audit'), ['1', '2', '3', '4', '5', '6']);
  });

  it('is there only with rotation', (t) => {
    const options = { directory: temporaryFolder(t), retention: { days: 7 } };
    assert.throws(() => new FileLogRecordExporter(options), /^Error: FileLogRecordExporter: retention takes rotation/);
  });

  it('of the audit stream is deleted if it is told by name', async (t) => {
    const retention = { audit: { days: 2 } };
    const { directory, write, restart } = exporterIn(t, { rotation: { every: 'day' }, retention });
    writeFileSync(path.join(directory, 'audit-2020-01-01.0001.log.gz'), '');
    write('1', 'AUDIT');
    await restart(DAY_MS, '2');
    assert.deepEqual(rotatedNames(directory, 'audit'), [`audit-${today()}.0001.log`, 'audit.log']);
  });
});

describe('somebody who reads along', () => {
  for (const identity of ['inode', 'first line', 'first 1000 bytes'] as FileIdentity[]) {
    it(`and knows files by their ${identity} reads every line once, whenever it looks`, async (t) => {
      const { directory, write, pass, shutdown } = exporterIn(t, { rotation: { maxBytes: 1000 } });
      const tail = new Tail(directory, /^app.*\.log$/, identity);
      t.after(() => tail.close());
      for (let index = 0; index < 500; index += 1) {
        // Some lines are longer than what the Collector knows a file by.
        write(`${index} ${index % 20 === 0 ? 'x'.repeat(1500) : ''}`);
        if (index % 50 === 0) pass(11_000);
        // Between the steps of compressing, too.
        if (index % 7 === 0) await new Promise(setImmediate);
        if (index % 3 === 0) tail.poll();
      }
      await shutdown();
      tail.poll();
      assert.ok(readdirSync(directory).some((name) => name.endsWith('.gz')));
      assert.deepEqual(numbersOf(tail), upTo(500));
    });
  }

  for (const identity of ['first line', 'first 1000 bytes'] as FileIdentity[]) {
    it(`and knows files by their ${identity} goes on where it was after a restart of its own`, async (t) => {
      const { directory, write, shutdown } = exporterIn(t, { rotation: { maxBytes: 1000 } });
      const tail = new Tail(directory, /^app.*\.log$/, identity);
      t.after(() => tail.close());
      for (let index = 0; index < 300; index += 1) {
        write(String(index));
        if (index % 4 === 0) tail.poll();
        if (index % 60 === 0) tail.close();
      }
      await shutdown();
      tail.poll();
      assert.deepEqual(
        numbersOf(tail).toSorted((a, b) => a - b),
        upTo(300),
      );
    });
  }

  it('finds the newest closed file as it was, and the others compressed, where it looks too rarely', async (t) => {
    const { directory, write, restart } = exporterIn(t, { rotation: EACH });
    const tail = new Tail(directory, /^app.*\.log$/, 'first line');
    t.after(() => tail.close());
    for (const message of ['0', '1', '2', '3']) write(message);
    await restart(20_000, '4');
    tail.poll();
    assert.deepEqual(new Set(numbersOf(tail)), new Set([3, 4]));
    const compressed = readdirSync(directory).filter((name) => name.startsWith('app') && name.endsWith('.gz'));
    assert.deepEqual(
      compressed.toSorted().flatMap((name) => messagesIn(path.join(directory, name))),
      ['0', '1', '2'],
    );
  });
});

function numbersOf(tail: Tail): number[] {
  return tail.lines.map((line) => Number((JSON.parse(line) as { message: string }).message.split(' ')[0]));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('a file that somebody else rotates', () => {
  it('is written to under its new name for at most a second, without a signal', (t) => {
    const { directory, write, pass } = exporterIn(t, {});
    const [file, renamed] = [path.join(directory, 'app.log'), path.join(directory, 'app.log.1')];
    write('1');
    renameSync(file, renamed);
    write('2');
    pass(1000);
    write('3');
    assert.deepEqual([messagesIn(renamed), messagesIn(file)], [['1', '2'], ['3']]);
    assert.equal(process.listenerCount('SIGHUP'), 0);
  });

  it('goes on at its beginning after copytruncate', (t) => {
    const { directory, write } = exporterIn(t, {});
    const file = path.join(directory, 'app.log');
    write('1');
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    write('2');
    assert.deepEqual([messagesIn(`${file}.1`), messagesIn(file)], [['1'], ['2']]);
  });
});

describe('lines that tell their process', () => {
  it('end with its host and pid', (t) => {
    const { directory, write } = exporterIn(t, { processFields: true });
    write('1');
    const line = readFileSync(path.join(directory, 'app.log'), 'utf8');
    assert.ok(line.endsWith(`,"host":${JSON.stringify(hostname())},"pid":${process.pid}}\n`), line);
    assert.equal((JSON.parse(line) as { pid: number }).pid, process.pid);
  });
});

interface Rotating {
  readonly directory: string;
  readonly write: (message: string, severityText?: string) => void;
  /** Moves the exporter's clock. */
  readonly pass: (ms: number) => void;
  readonly shutdown: () => Promise<void>;
  /** What another process, later, makes of it with its first records, of app and audit, and until it ends. */
  readonly restart: (ms: number, message: string) => Promise<void>;
}

/** An exporter whose clock moves only by what passes. */
function exporterIn(t: TestContext, options: FileLogRecordExporterOptions): Rotating {
  const directory = options.directory ?? temporaryFolder(t);
  let now = Date.now();
  const exporter = new FileLogRecordExporter({ ...options, directory, now: () => now });
  t.after(() => exporter.shutdown());
  return {
    directory,
    write(message, severityText = 'INFO') {
      const record: LogRecordLike = { ...foreignRecord(message), severityText };
      exporter.export([record], ({ code }) => assert.equal(code, 0));
    },
    pass(ms) {
      now += ms;
    },
    shutdown: () => exporter.shutdown(),
    async restart(ms, message) {
      await exporter.shutdown();
      const next = exporterIn(t, { ...options, directory });
      next.pass(ms);
      next.write(message);
      next.write(message, 'AUDIT');
      await next.shutdown();
    },
  };
}
