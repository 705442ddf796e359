import assert from 'node:assert/strict';
import { type TestContext, it } from 'node:test';

import { type DiagLogger, diag } from '@opentelemetry/api';

import type { ExportResult, LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import { RetryingLogRecordExporter } from '../../src/export/retrying-log-record-exporter.ts';
import { foreignRecord } from './exporter-contract.ts';

const MINUTE = 60_000;

it('tells the operator of an outage’s begin and end, once a minute at most, and of no end without its begin', (t) => {
  const { told, inOutage, at } = operator(t);
  at(0);
  const end = inOutage();
  at(50_000);
  end();
  assert.deepEqual(told(), [
    "app records can't be written, and wait in memory: disk full",
    'app records are written again, after 50.0 s; 0 were lost',
  ]);
  inOutage()();
  inOutage()();
  assert.deepEqual(told(), []);
  at(MINUTE + 1000);
  inOutage()();
  assert.deepEqual(told(), [
    "app records can't be written, and wait in memory: disk full (and 2 times more since it was last told)",
    'app records are written again, after 0.0 s; 0 were lost',
  ]);
});

it('tells of one that lasts a minute later, if its begin was too soon after another’s', (t) => {
  const { told, inOutage, retry, at } = operator(t);
  at(10 * MINUTE);
  inOutage()();
  told();
  at(10 * MINUTE + 1000);
  const end = inOutage();
  retry();
  assert.deepEqual(told(), []);
  at(11 * MINUTE + 1000);
  retry();
  retry();
  assert.match(told().join('\n'), /^app records can't be written, and wait in memory: disk full[^\n]*$/);
  end();
  assert.deepEqual(told(), ['app records are written again, after 60.0 s; 0 were lost']);
});

it('tells of one also where the clock was set back', (t) => {
  const { told, inOutage, at } = operator(t);
  at(60 * MINUTE);
  inOutage()();
  told();
  at(30 * MINUTE);
  inOutage()();
  assert.equal(told().length, 2);
});

it('tells at the end how many are lost, also those that no record could tell of', async (t) => {
  const { told, inOutage, at, shutdown } = operator(t, undefined, 400);
  at(20 * MINUTE);
  for (let records = 0; records < 10; records += 1) inOutage();
  told();
  await shutdown();
  assert.match(told().join('\n'), /^shutting down failed: 10 records could not be exported and are lost$/);
});

it('goes on where the operator can’t be told', (t) => {
  const { inOutage, at } = operator(t, () => {
    throw new Error('nobody listens');
  });
  at(100 * MINUTE);
  inOutage()();
});

interface Operator {
  /** What the operator was told since the last time. */
  readonly told: () => string[];
  /** Begins an outage; returns how to end it. */
  readonly inOutage: () => () => void;
  readonly retry: () => void;
  readonly shutdown: () => Promise<void>;
  /** Sets the clock. */
  readonly at: (ms: number) => void;
}

function operator(t: TestContext, hear?: () => void, maxQueueBytes?: number): Operator {
  let heard: string[] = [];
  const error = hear ?? ((text: string) => void heard.push(text.replace('activity-audit: ', '')));
  diag.setLogger({ error, warn: nothing, info: nothing, debug: nothing, verbose: nothing } satisfies DiagLogger);
  t.after(() => diag.disable());
  let now = 0;
  const disk = new Disk();
  const exporter = new RetryingLogRecordExporter(disk, { now: () => now, maxQueueBytes });
  t.after(() => exporter.shutdown());
  return {
    told: () => {
      const texts = heard;
      heard = [];
      return texts;
    },
    inOutage: () => {
      disk.isFull = true;
      exporter.export([foreignRecord('1')]);
      return () => {
        disk.isFull = false;
        exporter.retry(true);
        assert.equal(exporter.waiting, 0);
      };
    },
    retry: () => exporter.retry(),
    shutdown: () => exporter.shutdown(),
    at: (ms) => {
      now = ms;
    },
  };
}

function nothing(): void {
  // What isn't an error.
}

class Disk implements LogRecordExporter {
  isFull = false;

  export(_: unknown, resultCallback: (result: ExportResult) => void): void {
    resultCallback(this.isFull ? { code: 1, error: new Error('disk full') } : { code: 0 });
  }

  async shutdown(): Promise<void> {}
}
