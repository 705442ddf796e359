import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import type { ExportResult, LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { exporterContract, foreignRecord } from './exporter-contract.ts';

exporterContract('FileLogRecordExporter', (t) => new FileLogRecordExporter({ directory: temporaryFolder(t) }));

describe('FileLogRecordExporter', () => {
  it('writes each stream to a file of its own, before export returns', (t) => {
    const directory = temporaryFolder(t);
    const exporter = new FileLogRecordExporter({ directory });
    assert.deepEqual(exportNow(exporter, [app('1'), api('2'), audit('3'), app('4')]), { code: 0 });
    assert.deepEqual(messages(directory, 'app'), ['1', '4']);
    assert.deepEqual(messages(directory, 'api'), ['2']);
    assert.deepEqual(messages(directory, 'audit'), ['3']);
  });

  it('makes its directory, with files that only their owner may read', (t) => {
    const directory = path.join(temporaryFolder(t), 'deep/audit_logs');
    exportNow(new FileLogRecordExporter({ directory }), [app('1')]);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(path.join(directory, 'app.log')).mode & 0o777, 0o600);
  });

  it('makes them with other modes if told to', (t) => {
    const directory = path.join(temporaryFolder(t), 'logs');
    exportNow(new FileLogRecordExporter({ directory, fileMode: 0o640, directoryMode: 0o750 }), [app('1')]);
    assert.equal(statSync(directory).mode & 0o777, 0o750);
    assert.equal(statSync(path.join(directory, 'app.log')).mode & 0o777, 0o640);
  });

  it('opens a file with its first record', (t) => {
    const directory = temporaryFolder(t);
    exportNow(new FileLogRecordExporter({ directory }), [api('1')]);
    assert.deepEqual(readdirSync(directory), ['api.log']);
  });

  it('passes over the streams that it is not to write', (t) => {
    const directory = temporaryFolder(t);
    const exporter = new FileLogRecordExporter({ directory, streams: ['audit'] });
    assert.deepEqual(exportNow(exporter, [app('1'), audit('2')]), { code: 0 });
    assert.deepEqual(readdirSync(directory), ['audit.log']);
  });

  it('says at start that the directory cannot be made', (t) => {
    const file = path.join(temporaryFolder(t), 'file');
    writeFileSync(file, '');
    assert.throws(
      () => new FileLogRecordExporter({ directory: path.join(file, 'logs') }),
      /^Error: FileLogRecordExporter: cannot write to .*file\/logs: ENOTDIR.*; set the option directory$/,
    );
  });

  it('says at start that the directory, or a file in it, is not writable', (t) => {
    const directory = path.join(temporaryFolder(t), 'logs');
    mkdirSync(directory);
    chmodSync(directory, 0o555);
    assert.match(startAsNobody(directory), /cannot write to .*: EACCES.*; set the option directory/);
    chmodSync(directory, 0o777);
    writeFileSync(path.join(directory, 'audit.log'), '', { mode: 0o444 });
    assert.match(startAsNobody(directory), /cannot write to .*: EACCES.*audit\.log/);
  });

  it('says which records of a batch it could not write, and holds up no other stream', (t) => {
    const directory = temporaryFolder(t);
    const exporter = new FileLogRecordExporter({ directory });
    symlinkSync('/dev/full', path.join(directory, 'app.log'));
    const [lost, alsoLost] = [app('1'), app('3')];
    const result = exportNow(exporter, [lost, api('2'), alsoLost]);
    assert.equal(result.code, 1);
    assert.match(String(result.error), /ENOSPC/);
    assert.deepEqual(result.unexported, [lost, alsoLost]);
    assert.deepEqual(messages(directory, 'api'), ['2']);

    rmSync(path.join(directory, 'app.log'));
    assert.deepEqual(exportNow(exporter, result.unexported ?? []), { code: 0 });
    assert.deepEqual(messages(directory, 'app'), ['1', '3']);
  });

  it('makes its directory again when it was removed', (t) => {
    let now = 0;
    const directory = path.join(temporaryFolder(t), 'logs');
    const exporter = new FileLogRecordExporter({ directory, now: () => now });
    exportNow(exporter, [audit('1')]);
    rmSync(directory, { recursive: true });
    now += 1000;
    assert.deepEqual(exportNow(exporter, [audit('2')]), { code: 0 });
    assert.deepEqual(messages(directory, 'audit'), ['2']);
  });

  it('writes a batch of many megabytes whole and in order', (t) => {
    const directory = temporaryFolder(t);
    const exporter = new FileLogRecordExporter({ directory });
    const bodies = Array.from({ length: 300 }, (_, index) => `${index} ${'é'.repeat(20_000)}`);
    assert.deepEqual(exportNow(exporter, bodies.map(app)), { code: 0 });
    assert.deepEqual(messages(directory, 'app'), bodies);
  });

  it('says which records of a batch are left, however many', (t) => {
    const directory = temporaryFolder(t);
    const exporter = new FileLogRecordExporter({ directory });
    mkdirSync(path.join(directory, 'app.log'));
    const result = exportNow(exporter, [audit('1'), ...Array.from({ length: 200_000 }, () => app('2'))]);
    assert.equal(result.unexported?.length, 200_000);
    assert.deepEqual(messages(directory, 'audit'), ['1']);
  });

  it('keeps to the directory of its start when the process goes elsewhere', (t) => {
    const [home, away] = [temporaryFolder(t), temporaryFolder(t)];
    const before = process.cwd();
    t.after(() => process.chdir(before));
    process.chdir(home);
    const exporter = new FileLogRecordExporter({ directory: 'logs' });
    process.chdir(away);
    exportNow(exporter, [app('1')]);
    assert.ok(existsSync(path.join(home, 'logs/app.log')));
    assert.deepEqual(readdirSync(away), []);
  });
});

const app = (body: string): LogRecordLike => foreignRecord(body);
const api = (body: string): LogRecordLike => ({ ...foreignRecord(body), severityText: 'API' });
const audit = (body: string): LogRecordLike => ({ ...foreignRecord(body), severityText: 'AUDIT' });

function exportNow(exporter: LogRecordExporter, records: readonly LogRecordLike[]): ExportResult {
  let given: ExportResult | undefined;
  exporter.export(records, (result) => (given = result));
  assert.ok(given, 'it calls back before it returns');
  return given;
}

function messages(directory: string, stream: string): string[] {
  const lines = readFileSync(path.join(directory, `${stream}.log`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => (JSON.parse(line) as { message: string }).message);
}

/** What a process says that nobody's rights stop from writing to `directory`. */
function startAsNobody(directory: string): string {
  chmodSync(path.dirname(directory), 0o755);
  const fixture = path.join(import.meta.dirname, '../fixtures/export/start-as-nobody.ts');
  return spawnSync(process.execPath, [fixture, directory], { encoding: 'utf8' }).stdout;
}
