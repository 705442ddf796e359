import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { obstacleTo } from '../../src/event/obstacle.ts';
import { auditHealth } from '../../src/export/export-health.ts';
import type { ExportResult, LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import { RetryingLogRecordExporter } from '../../src/export/retrying-log-record-exporter.ts';
import { streamOf } from '../../src/export/stream.ts';
import { foreignRecord } from './exporter-contract.ts';

describe('RetryingLogRecordExporter', () => {
  it('hands on what comes, batch by batch', (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner);
    exporter.export([audit('1'), app('2')]);
    exporter.export([audit('3')]);
    assert.deepEqual(inner.batches, [['1', '2'], ['3']]);
  });

  it('tries again at once, as most trouble is over then', (t) => {
    const inner = new UnreliableExporter();
    inner.failures = 1;
    const exporter = retrying(t, inner);
    exporter.export([audit('1')]);
    assert.deepEqual(inner.exported, ['1']);
  });

  it('tries again by itself, and keeps the order', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner, { whenUnavailable: BLOCK });
    inner.broken = ['audit'];
    exporter.export([audit('1')]);
    exporter.export([audit('2')]);
    assert.equal(exporter.waiting, 2);
    inner.broken = [];
    exporter.export([audit('3')]);
    await exporter.acknowledgement('audit');
    assert.deepEqual(inner.exported, ['1', '2', '3']);
    assert.equal(exporter.waiting, 0);
  });

  it('repeats no record of a batch that was exported in part', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner);
    inner.broken = ['app'];
    exporter.export([app('1'), audit('2'), app('3')]);
    inner.broken = [];
    exporter.export([app('4')]);
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['2', '1', '3', '4']);
  });

  it('lets no stream wait for another', (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner);
    inner.broken = ['app'];
    exporter.export([app('1')]);
    exporter.export([audit('2'), app('3')]);
    assert.deepEqual(inner.exported, ['2']);
  });

  it('tries one record at a time while the trouble lasts, and none for each that comes', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner);
    inner.broken = ['audit'];
    for (let index = 0; index < 100; index += 1) exporter.export([audit(String(index))]);
    await exporter.forceFlush();
    assert.deepEqual(inner.batches, [['0'], ['0'], ['0']]);
  });

  it('tries again with each flush', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner);
    inner.broken = ['audit'];
    exporter.export([audit('1'), audit('2')]);
    inner.broken = [];
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1', '2']);
  });

  it('takes an exporter that throws for one that fails', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner);
    inner.throws = true;
    exporter.export([audit('1')]);
    inner.throws = false;
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1']);
  });

  it('keeps as much as fits, the oldest, and says in the stream what was lost, from when to when and why', async (t) => {
    const inner = new UnreliableExporter();
    let time = Date.UTC(2026, 10, 24, 9);
    const exporter = retrying(t, inner, { maxQueueBytes: 2000, now: () => (time += 1000) });
    inner.broken = ['audit'];
    for (let index = 0; index < 50; index += 1) exporter.export([audit(String(index))]);
    const kept = exporter.waiting;
    assert.ok(kept > 2 && kept < 20, `${kept} kept`);
    inner.broken = [];
    await exporter.forceFlush();
    exporter.export([audit('after')]);
    const lost = 50 - kept;
    assert.deepEqual(inner.exported, [
      ...Array.from({ length: kept }, (_, index) => String(index)),
      `${lost} audit records are lost: disk full`,
      'after',
    ]);
    const record = inner.records.find(({ eventName }) => eventName === 'audit.loss');
    assert.equal(record?.severityText, 'AUDIT');
    const { 'audit.loss.from': from, 'audit.loss.to': to, ...others } = record.attributes;
    assert.deepEqual(others, { 'audit.loss.records': lost, 'audit.loss.reason': 'disk full' });
    assert.equal(Date.parse(String(to)) - Date.parse(String(from)), (lost - 1) * 1000);
  });

  it('goes on as before where an outage has ended', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner);
    for (const round of ['1', '2']) {
      inner.broken = ['audit'];
      exporter.export([audit(round)]);
      assert.equal(auditHealth().audit.status, 'unavailable');
      inner.broken = [];
      await exporter.forceFlush();
      assert.equal(auditHealth().audit.status, 'ok');
    }
    assert.deepEqual(inner.exported, ['1', '2']);
  });

  it('says how a stream fares', (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner, { now: () => Date.UTC(2026, 10, 24) });
    const { lost } = auditHealth().app;
    inner.broken = ['app'];
    exporter.export([app('1'), app('2')]);
    const health = auditHealth();
    assert.equal(health.status, 'unavailable');
    assert.equal(health.audit.status, 'ok');
    const { queuedBytes, ...others } = health.app;
    assert.ok(queuedBytes > 100);
    assert.deepEqual(
      { ...others, records: 0, bytes: 0 },
      {
        status: 'unavailable',
        since: new Date(Date.UTC(2026, 10, 24)),
        reason: 'disk full',
        records: 0,
        bytes: 0,
        lost,
        queuedRecords: 2,
      },
    );
    inner.broken = [];
    exporter.retry(true);
    assert.equal(auditHealth().status, 'ok');
  });

  it('has an operation wait if told to, until its record is written', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner, { whenUnavailable: BLOCK });
    assert.equal(exporter.acknowledgement('audit'), undefined);
    inner.broken = ['audit'];
    exporter.export([audit('1')]);
    const waiting = exporter.acknowledgement('audit');
    assert.ok(waiting);
    assert.equal(exporter.acknowledgement('app'), undefined);
    inner.broken = [];
    await waiting;
    assert.deepEqual(inner.exported, ['1']);
    assert.equal(exporter.acknowledgement('audit'), undefined);
  });

  it('has it wait no longer than it may', async (t) => {
    const inner = new UnreliableExporter();
    const exporter = retrying(t, inner, { whenUnavailable: BLOCK, maxBlockMs: 20 });
    inner.broken = ['audit'];
    exporter.export([audit('1')]);
    await exporter.acknowledgement('audit');
    assert.deepEqual(inner.exported, []);
    await exporter.shutdown();
  });

  for (const [policy, isClosed] of [
    ['closed', true],
    ['block', false],
  ] as const) {
    it(`closes the gate of the stream alone while it is in trouble, if ${policy}`, async (t) => {
      const inner = new UnreliableExporter();
      const exporter = retrying(t, inner, { whenUnavailable: { ...BLOCK, audit: policy } });
      inner.broken = ['audit'];
      exporter.export([audit('1')]);
      const obstacle = obstacleTo('audit');
      assert.equal(obstacle?.reason, 'disk full');
      assert.equal(obstacle.passed === undefined, isClosed);
      assert.equal(obstacleTo('api'), undefined);
      inner.broken = [];
      await exporter.forceFlush();
      assert.equal(obstacleTo('audit'), undefined);
    });
  }

  it('holds back what comes while an exporter takes too long, and hands it on after that', async (t) => {
    const inner = new UnreliableExporter();
    inner.pause = 1050;
    const exporter = retrying(t, inner);
    exporter.export([audit('1')]);
    assert.equal(auditHealth().audit.status, 'slow');
    assert.match(auditHealth().audit.reason ?? '', /^a write took \d+ ms$/);
    exporter.export([audit('2')]);
    assert.deepEqual(inner.exported, ['1']);
    inner.pause = 0;
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1', '2']);
    assert.equal(auditHealth().audit.status, 'ok');
  });

  it('waits in a flush for what is on its way, and flushes what it holds', async (t) => {
    const inner = new UnreliableExporter();
    inner.slow = true;
    const exporter = retrying(t, inner);
    exporter.export([audit('1')]);
    assert.deepEqual(inner.exported, []);
    await Promise.all([exporter.forceFlush(), exporter.forceFlush()]);
    assert.deepEqual(inner.exported, ['1']);
    assert.equal(inner.flushes, 2);
  });

  it('keeps the order of a stream also where failures are told later', async (t) => {
    const inner = new UnreliableExporter();
    inner.slow = true;
    const exporter = retrying(t, inner);
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

  it('keeps it where several exports fail one after the other', async (t) => {
    const inner = new UnreliableExporter();
    inner.slow = true;
    inner.broken = ['audit'];
    const exporter = retrying(t, inner);
    for (const body of ['1', '2', '3']) exporter.export([audit(body)]);
    await exporter.forceFlush();
    exporter.export([audit('4')]);
    inner.broken = [];
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1', '2', '3', '4']);
  });

  it('exports all at the end, also where a retry is under way', async (t) => {
    const inner = new UnreliableExporter();
    inner.broken = ['audit'];
    const exporter = retrying(t, inner);
    for (const body of ['1', '2', '3']) exporter.export([audit(body)]);
    inner.broken = [];
    inner.slow = true;
    exporter.retry();
    await exporter.shutdown();
    assert.deepEqual(inner.exported, ['1', '2', '3']);
  });

  it('waits for an exporter that never calls back as long as it may', async (t) => {
    const inner = new UnreliableExporter();
    inner.isSilent = true;
    const exporter = retrying(t, inner, { maxBlockMs: 20 });
    exporter.export([audit('1')]);
    await exporter.forceFlush();
    await exporter.shutdown();
  });

  it('keeps a record that can’t be read like any other', async (t) => {
    const inner = new UnreliableExporter();
    inner.broken = ['audit'];
    const exporter = retrying(t, inner);
    const unreadable = audit('1');
    Object.defineProperty(unreadable, 'attributes', {
      get: () => {
        throw new Error('unreadable');
      },
    });
    exporter.export([unreadable, audit('2')]);
    exporter.export([unreadable, audit('3')]);
    inner.broken = [];
    await exporter.forceFlush();
    assert.deepEqual(inner.exported, ['1', '2', '1', '3']);
  });

  it('writes what waits also while a sync is under way, as when the process ends', (t) => {
    const { inner, exporter } = syncing(t);
    exporter.export([audit('1')]);
    void exporter.acknowledgement('audit');
    exporter.commit();
    inner.synced(new Error('EIO'));
    exporter.retry(true);
    exporter.export([audit('2')]);
    exporter.retry(true);
    assert.deepEqual(
      inner.exported.filter((body) => body.length === 1),
      ['1', '2'],
    );
  });

  it('counts as unsynced the records alone whose sync failed, however often that is tried again', async (t) => {
    const { inner, exporter } = syncing(t);
    exporter.export([audit('1')]);
    void exporter.acknowledgement('audit');
    exporter.commit();
    for (let tries = 0; tries < 3; tries += 1) {
      inner.synced(new Error('EIO'));
      await nextTurn();
      exporter.retry(true);
    }
    inner.synced();
    await nextTurn();
    inner.synced();
    await exporter.shutdown();
    const told = inner.records.map(({ attributes }) => attributes['audit.loss.unsynced']);
    assert.deepEqual(told, [undefined, 1]);
  });

  it('has an operation wait whose record could not be written before the sync', async (t) => {
    const { inner, exporter } = syncing(t);
    let isDone = false;
    const acknowledged = exporter.acknowledgement('audit')?.then(() => (isDone = true));
    inner.broken = ['audit'];
    exporter.export([audit('held until then')]);
    exporter.commit();
    inner.synced();
    await nextTurn();
    assert.equal(isDone, false);
    inner.broken = [];
    exporter.retry(true);
    inner.synced();
    await acknowledged;
    assert.deepEqual(inner.exported, ['held until then']);
  });
});

/** One that syncs audit records, and has operations wait. */
function syncing(t: TestContext): { inner: SyncingExporter; exporter: RetryingLogRecordExporter } {
  const inner = new SyncingExporter();
  const exporter = retrying(t, inner, { synced: ['audit'], whenUnavailable: BLOCK });
  t.after(() => inner.syncedAll());
  return { inner, exporter };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** One whose outages end with the test. */
function retrying(
  t: TestContext,
  ...args: ConstructorParameters<typeof RetryingLogRecordExporter>
): RetryingLogRecordExporter {
  const exporter = new RetryingLogRecordExporter(...args);
  t.after(() => exporter.shutdown());
  return exporter;
}

const BLOCK = { audit: 'block', api: 'block', app: 'block' } as const;

const app = (body: string): LogRecordLike => foreignRecord(body);
const audit = (body: string): LogRecordLike => ({ ...foreignRecord(body), severityText: 'AUDIT' });

/** An exporter to memory that fails as told. */
class UnreliableExporter implements LogRecordExporter {
  broken: readonly string[] = [];
  slow = false;
  /** It never calls back. */
  isSilent = false;
  throws = false;
  /** How often it fails before it works. */
  failures = 0;
  /** Milliseconds for which it blocks. */
  pause = 0;
  flushes = 0;
  readonly records: LogRecordLike[] = [];
  readonly batches: string[][] = [];
  readonly exported: string[] = [];

  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void {
    if (this.throws) throw new Error('thrown');
    this.batches.push(records.map(({ body }) => String(body)));
    if (this.pause > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.pause);
    if (this.isSilent) return;
    if (this.failures > 0) {
      this.failures -= 1;
      resultCallback({ code: 1 });
      return;
    }
    if (this.slow) setImmediate(() => resultCallback(this.#store(records)));
    else resultCallback(this.#store(records));
  }

  async forceFlush(): Promise<void> {
    this.flushes += 1;
  }

  async shutdown(): Promise<void> {}

  #store(records: readonly LogRecordLike[]): ExportResult {
    const isBroken = (record: LogRecordLike): boolean => this.broken.includes(streamOf(record));
    for (const record of records) if (!isBroken(record)) this.#take(record);
    const unexported = records.filter(isBroken);
    return unexported.length === 0 ? { code: 0 } : { code: 1, error: new Error('disk full'), unexported };
  }

  #take(record: LogRecordLike): void {
    this.records.push(record);
    this.exported.push(String(record.body));
  }
}

/** One whose syncs end when the test says so. */
class SyncingExporter extends UnreliableExporter {
  readonly #syncing: ((error?: Error) => void)[] = [];

  syncOf(): (synced: (error?: Error) => void) => void {
    return (synced) => void this.#syncing.push(synced);
  }

  syncedAll(): void {
    while (this.#syncing.length > 0) this.synced();
  }

  /** Ends the sync that is under way, which there must be. */
  synced(error?: Error): void {
    const end = this.#syncing.shift();
    assert.ok(end);
    end(error);
  }
}
