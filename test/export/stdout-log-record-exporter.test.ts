import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { promisify } from 'node:util';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import type { Format } from '../../src/export/format.ts';
import type { ExportResult } from '../../src/export/log-record-exporter.ts';
import { StdoutLogRecordExporter } from '../../src/export/stdout-log-record-exporter.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { exporterContract, foreignRecord } from './exporter-contract.ts';

const run = promisify(execFile);

for (const format of ['seed', 'otlp', 'ecs'] as const satisfies readonly Format[]) {
  exporterContract(
    `StdoutLogRecordExporter with the format ${format}`,
    (t) => new StdoutLogRecordExporter({ format, fd: fileIn(t).fd }),
  );
}

describe('StdoutLogRecordExporter', () => {
  it('writes the records of all streams in their order, each with its stream, before export returns', (t) => {
    const { fd, file } = fileIn(t);
    const exporter = new StdoutLogRecordExporter({ fd });
    assert.deepEqual(exportNow(exporter, [app('1'), api('2'), audit('3'), app('4')]), { code: 0 });
    const lines = parsed(readFileSync(file, 'utf8'));
    assert.deepEqual(
      lines.map(({ message, stream }) => [message, stream]),
      [
        ['1', 'app'],
        ['2', 'api'],
        ['3', 'audit'],
        ['4', 'app'],
      ],
    );
    assert.ok(lines.every((line) => Object.keys(line).at(-1) === 'stream'));
  });

  it('tells its process before the stream, if it is to', (t) => {
    const { fd, file } = fileIn(t);
    exportNow(new StdoutLogRecordExporter({ fd, processFields: true }), [app('1')]);
    assert.match(readFileSync(file, 'utf8'), new RegExp(`,"host":"[^"]+","pid":${process.pid},"stream":"app"}\n$`));
  });

  it('fails while nobody reads, says which records it could not write, and closes off the line in which it stopped', (t) => {
    const pipe = pipeIn(t);
    const exporter = new StdoutLogRecordExporter({ fd: pipe.fd });
    const records = Array.from({ length: 30 }, (_, index) => app(`${index} ${'x'.repeat(10_000)}`));
    const result = exportNow(exporter, records);
    assert.equal(result.code, 1);
    assert.match(String(result.error), /EAGAIN/);

    const before = pipe.read();
    const whole = parsed(before.slice(0, before.lastIndexOf('\n') + 1));
    assert.notEqual(before.at(-1), '\n', 'it stopped in the middle of a line');
    assert.equal(whole.length + (result.unexported?.length ?? 0), records.length);
    assert.deepEqual(result.unexported, records.slice(whole.length));

    const again = result.unexported?.slice(0, 2) ?? [];
    assert.deepEqual(exportNow(exporter, again), { code: 0 });
    const after = pipe.read();
    assert.equal(after[0], '\n');
    assert.deepEqual(
      parsed(after.slice(1)).map(({ message }) => message),
      again.map(({ body }) => body),
    );
  });

  it('writes nothing of a batch twice that failed after a torn line', (t) => {
    const pipe = pipeIn(t);
    const exporter = new StdoutLogRecordExporter({ fd: pipe.fd });
    const long = (name: string): LogRecordLike => app(`${name} ${'x'.repeat(70_000)}`);
    const tornTwice = [long('a'), long('b')];
    assert.deepEqual(exportNow(exporter, tornTwice).unexported, tornTwice);
    pipe.read();
    assert.deepEqual(exportNow(exporter, tornTwice).unexported, tornTwice);
    assert.equal(pipe.read()[0], '\n');
    assert.deepEqual(exportNow(exporter, [app('c')]), { code: 0 });
    assert.match(pipe.read(), /^\n\{[^\n]*"message":"c"[^\n]*\}\n$/);
  });

  it('closes off no line where nothing was written', (t) => {
    const pipe = pipeIn(t);
    const filled = fill(pipe.fd);
    const exporter = new StdoutLogRecordExporter({ fd: pipe.fd });
    assert.equal(exportNow(exporter, [app('1')]).code, 1);
    assert.equal(pipe.read().length, filled);
    assert.deepEqual(exportNow(exporter, [app('1')]), { code: 0 });
    assert.deepEqual(parsed(pipe.read()).length, 1);
  });

  it('fails where there is no stdout', () => {
    const result = exportNow(new StdoutLogRecordExporter({ fd: 987 }), [app('1')]);
    assert.equal(result.code, 1);
    assert.match(String(result.error), /EBADF/);
  });

  it('mixes no lines of usual length with those of other processes', async () => {
    const fixture = path.join(import.meta.dirname, '../fixtures/export/stdout-lines.ts');
    const writer = `'${process.execPath}' '${fixture}'`;
    const { stdout } = await run('sh', ['-c', `(${writer} & ${writer} & ${writer} & wait) | cat`], {
      maxBuffer: 64 * 1024 * 1024,
    });
    const lines = parsed(stdout);
    assert.equal(lines.length, 3 * 4000);
    for (const { pid } of lines) assert.equal(typeof pid, 'number');
    assert.equal(new Set(lines.map(({ pid, message }) => `${String(pid)} ${String(message)}`)).size, 3 * 4000);
  });
});

const app = (body: string): LogRecordLike => foreignRecord(body);
const api = (body: string): LogRecordLike => ({ ...foreignRecord(body), severityText: 'API' });
const audit = (body: string): LogRecordLike => ({ ...foreignRecord(body), severityText: 'AUDIT' });

function exportNow(exporter: StdoutLogRecordExporter, records: readonly LogRecordLike[]): ExportResult {
  let given: ExportResult | undefined;
  exporter.export(records, (result) => (given = result));
  assert.ok(given, 'it calls back before it returns');
  return given;
}

function parsed(text: string): Record<string, unknown>[] {
  const lines = text.split('\n');
  assert.equal(lines.pop(), '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function fileIn(t: TestContext): { readonly fd: number; readonly file: string } {
  const file = path.join(temporaryFolder(t), 'stdout');
  const fd = openSync(file, 'a');
  t.after(() => closeSync(fd));
  return { fd, file };
}

/** A pipe that doesn't wait for its reader, as a parent may have made it, of 64 KiB. */
function pipeIn(t: TestContext): { readonly fd: number; read(): string } {
  const file = path.join(temporaryFolder(t), 'pipe');
  execFileSync('mkfifo', [file]);
  const fd = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => closeSync(fd));
  const bytes = Buffer.alloc(1024 * 1024);
  return { fd, read: () => bytes.toString('utf8', 0, readAll(fd, bytes)) };
}

function readAll(fd: number, bytes: Buffer): number {
  let size = 0;
  try {
    for (;;) size += readSync(fd, bytes, size, bytes.length - size, null);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    return size;
  }
}

/** Returns how much went into it. */
function fill(fd: number): number {
  let size = 0;
  try {
    for (;;) size += writeSync(fd, '-');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    return size;
  }
}
