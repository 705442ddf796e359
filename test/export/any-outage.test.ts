import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { auditHealth } from '../../src/export/export-health.ts';
import type { ExportResult, LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import { RetryingLogRecordExporter } from '../../src/export/retrying-log-record-exporter.ts';
import { STREAMS, type Stream, streamOf } from '../../src/export/stream.ts';
import { foreignRecord } from './exporter-contract.ts';

type Step =
  | { readonly do: 'export'; readonly streams: readonly Stream[] }
  | { readonly do: 'room'; readonly stream: Stream; readonly records: number }
  | { readonly do: 'mode'; readonly mode: Mode }
  | { readonly do: 'settle' | 'retry' | 'flush' | 'turn' };

/** When an exporter calls back: before it returns, after that, before it throws, or with each export twice. */
type Mode = 'now' | 'later' | 'throwing' | 'twice';

const stream = fc.constantFrom(...STREAMS);

const steps = (...modes: readonly Mode[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('export'), streams: fc.array(stream, { maxLength: 4 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('room'), stream, records: fc.constantFrom(0, 0, 1, 2, Infinity) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('mode'), mode: fc.constantFrom(...modes) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('settle', 'retry', 'flush', 'turn') }) },
    ),
    { maxLength: 40, size: 'max' },
  );

const maxQueueBytes = fc.constantFrom(0, 150, 1000, 1_000_000);

it('writes each record once and in order, or tells in its stream that it is lost, whatever fails when', async () => {
  await fc.assert(
    fc.asyncProperty(steps('now', 'throwing', 'twice'), maxQueueBytes, async (program, bytes) => {
      for (const written of (await run(program, bytes)).values()) assertInOrder(written);
    }),
    { numRuns: 300, seed: 5 },
  );
});

it('does so with an exporter that calls back later, and has several batches at a time', async () => {
  await fc.assert(
    fc.asyncProperty(steps('later', 'later', 'now'), maxQueueBytes, async (program, bytes) => {
      await run(program, bytes);
    }),
    { numRuns: 300, seed: 5 },
  );
});

/** @returns the numbers of the records that were written, by stream, all others being told as lost */
async function run(program: readonly Step[], bytes: number): Promise<ReadonlyMap<Stream, readonly number[]>> {
  const lostBefore = lost();
  const inner = new AnyExporter();
  const whenUnavailable = { audit: 'block', api: 'open', app: 'closed' } as const;
  const exporter = new RetryingLogRecordExporter(inner, { maxQueueBytes: bytes, whenUnavailable });
  const acknowledged: Promise<unknown>[] = [];
  const emitted = new Map<Stream, number>(STREAMS.map((one) => [one, 0]));
  const emit = (one: Stream): LogRecordLike => {
    const number = (emitted.get(one) ?? 0) + 1;
    emitted.set(one, number);
    return { ...foreignRecord(number), severityText: one === 'app' ? 'INFO' : one.toUpperCase() };
  };
  for (const step of program) {
    if (step.do === 'export') {
      exporter.export(step.streams.map(emit));
      acknowledged.push(exporter.acknowledgement('audit') ?? Promise.resolve());
    } else if (step.do === 'room') inner.room.set(step.stream, step.records);
    else if (step.do === 'mode') inner.mode = step.mode;
    else if (step.do === 'settle') inner.settle();
    else if (step.do === 'retry') exporter.retry();
    else if (step.do === 'flush') acknowledged.push(exporter.forceFlush());
    else await nextTurn();
  }
  inner.room.clear();
  inner.settleAll();
  inner.mode = 'now';
  await exporter.forceFlush();
  await Promise.all(acknowledged);
  assert.equal(exporter.waiting, 0);
  assert.equal(auditHealth().status, 'ok');
  const written = new Map(STREAMS.map((one) => [one, inner.numbers(one)]));
  for (const one of STREAMS) {
    const numbers = written.get(one) ?? [];
    assert.equal(new Set(numbers).size, numbers.length, `${one}: doubled`);
    assert.equal(inner.told(one), (emitted.get(one) ?? 0) - numbers.length, `${one}: lost, and told`);
  }
  assert.equal(
    lost() - lostBefore,
    STREAMS.reduce((sum, one) => sum + inner.told(one), 0),
  );
  await exporter.shutdown();
  return written;
}

function lost(): number {
  const health = auditHealth();
  return STREAMS.reduce((sum, one) => sum + health[one].lost, 0);
}

function assertInOrder(numbers: readonly number[]): void {
  assert.deepEqual(
    numbers,
    numbers.toSorted((one, other) => one - other),
  );
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** An exporter to memory that has room for so many records of each stream. */
class AnyExporter implements LogRecordExporter {
  mode: Mode = 'now';
  readonly room = new Map<Stream, number>();
  readonly #written: LogRecordLike[] = [];
  #unsettled: (() => void)[] = [];

  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void {
    const { mode } = this;
    const settle = (): void => resultCallback(this.#take(records));
    if (mode === 'later') {
      this.#unsettled.push(settle);
      return;
    }
    settle();
    if (mode === 'twice') resultCallback({ code: 1, error: new Error('called back twice') });
    if (mode === 'throwing') throw new Error('thrown after calling back');
  }

  /** Ends the export that began first. */
  settle(): void {
    this.#unsettled.shift()?.();
  }

  settleAll(): void {
    this.mode = 'now';
    while (this.#unsettled.length > 0) this.settle();
  }

  async shutdown(): Promise<void> {}

  numbers(one: Stream): number[] {
    return this.#of(one).flatMap(({ body }) => (typeof body === 'number' ? body : []));
  }

  told(one: Stream): number {
    return this.#of(one).reduce((sum, { attributes }) => sum + Number(attributes['audit.loss.records'] ?? 0), 0);
  }

  #of(one: Stream): LogRecordLike[] {
    return this.#written.filter((record) => streamOf(record) === one);
  }

  #take(records: readonly LogRecordLike[]): ExportResult {
    const unexported = records.filter((record) => !this.#has(streamOf(record)) || !this.#written.push(record));
    return unexported.length === 0 ? { code: 0 } : { code: 1, error: new Error('disk full'), unexported };
  }

  #has(one: Stream): boolean {
    const room = this.room.get(one) ?? Infinity;
    if (room > 0) this.room.set(one, room - 1);
    return room > 0;
  }
}
