import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import type { ExportResult, LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import { RetryingLogRecordExporter } from '../../src/export/retrying-log-record-exporter.ts';
import { streamOf } from '../../src/export/stream.ts';
import { foreignRecord } from './exporter-contract.ts';

describe('RetryingLogRecordExporter', () => {
  it('hands on what comes, batch by batch', () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    exporter.export([audit('1'), app('2')]);
    exporter.export([audit('3')]);
    assert.deepEqual(inner.batches, [['1', '2'], ['3']]);
  });

  it('tries again with the next record of the stream, and keeps the order', () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    inner.broken = ['audit'];
    exporter.export([audit('1')]);
    exporter.export([audit('2')]);
    exporter.export([audit('3')]);
    assert.equal(exporter.waiting, 3);
    inner.broken = [];
    exporter.export([audit('4')]);
    assert.deepEqual(inner.exported, ['1', '2', '3', '4']);
    assert.equal(exporter.waiting, 0);
  });

  it('repeats no record of a batch that was exported in part', () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    inner.broken = ['app'];
    exporter.export([app('1'), audit('2'), app('3')]);
    inner.broken = [];
    exporter.export([app('4')]);
    assert.deepEqual(inner.exported, ['2', '1', '3', '4']);
  });

  it('lets no stream wait for another', () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    inner.broken = ['app'];
    exporter.export([app('1')]);
    exporter.export([audit('2'), app('3')]);
    assert.deepEqual(inner.exported, ['2']);
  });

  it('tries one record at a time while the trouble lasts', () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    inner.broken = ['audit'];
    for (let index = 0; index < 100; index += 1) exporter.export([audit(String(index))]);
    assert.ok(inner.batches.every((batch) => batch.length === 1));
  });

  it('tries again with each flush', async () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    inner.broken = ['audit'];
    exporter.export([audit('1'), audit('2')]);
    inner.broken = [];
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1', '2']);
  });

  it('takes an exporter that throws for one that fails', async () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    inner.throws = true;
    exporter.export([audit('1')]);
    inner.throws = false;
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1']);
  });

  it('keeps 10 000 records, the oldest', async () => {
    const inner = new UnreliableExporter();
    const exporter = new RetryingLogRecordExporter(inner);
    inner.broken = ['audit'];
    exporter.export(Array.from({ length: 9_998 }, (_, index) => audit(String(index))));
    for (let index = 9_998; index < 10_010; index += 1) exporter.export([audit(String(index))]);
    assert.equal(exporter.waiting, 10_000);
    inner.broken = [];
    await exporter.forceFlush();
    assert.equal(inner.exported.length, 10_000);
    assert.equal(inner.exported.at(-1), '9999');
  });

  it('waits in a flush for what is on its way, and flushes what it holds', async () => {
    const inner = new UnreliableExporter();
    inner.slow = true;
    const exporter = new RetryingLogRecordExporter(inner);
    exporter.export([audit('1')]);
    assert.deepEqual(inner.exported, []);
    await Promise.all([exporter.forceFlush(), exporter.forceFlush()]);
    assert.deepEqual(inner.exported, ['1']);
    assert.equal(inner.flushes, 2);
  });

  it('keeps the order of a stream also where failures are told later', async () => {
    const inner = new UnreliableExporter();
    inner.slow = true;
    const exporter = new RetryingLogRecordExporter(inner);
    inner.broken = ['audit'];
    exporter.export([audit('1')]);
    await exporter.forceFlush();
    exporter.export([audit('2')]);
    inner.broken = [];
    exporter.export([audit('3')]);
    await exporter.forceFlush();
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1', '2', '3']);
  });
});

const app = (body: string): LogRecordLike => foreignRecord(body);
const audit = (body: string): LogRecordLike => ({ ...foreignRecord(body), severityText: 'AUDIT' });

/** An exporter to memory that fails as told. */
class UnreliableExporter implements LogRecordExporter {
  broken: readonly string[] = [];
  slow = false;
  throws = false;
  flushes = 0;
  readonly batches: string[][] = [];
  readonly exported: string[] = [];

  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void {
    if (this.throws) throw new Error('thrown');
    this.batches.push(records.map(({ body }) => String(body)));
    if (this.slow) setImmediate(() => resultCallback(this.#store(records)));
    else resultCallback(this.#store(records));
  }

  async forceFlush(): Promise<void> {
    this.flushes += 1;
  }

  async shutdown(): Promise<void> {}

  #store(records: readonly LogRecordLike[]): ExportResult {
    const isBroken = (record: LogRecordLike): boolean => this.broken.includes(streamOf(record));
    for (const record of records) if (!isBroken(record)) this.exported.push(String(record.body));
    const unexported = records.filter(isBroken);
    return unexported.length === 0 ? { code: 0 } : { code: 1, error: new Error('disk full'), unexported };
  }
}
