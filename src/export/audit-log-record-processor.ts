import type { Context } from '@opentelemetry/api';

import { acknowledgeAfter, isAwaited } from '../event/acknowledgement.ts';
import { attachEvent, attachedEvent } from '../event/attached-event.ts';
import { AUDIT_ACTOR_ID, AUDIT_ACTOR_TYPE, AUDIT_REQUEST_ID } from '../event/attributes.ts';

import type { AnyEvent } from '../event/event.ts';
import type { LogRecordLike } from '../event/from-log-record.ts';
import { report } from '../event/guard.ts';
import type { JsonText } from '../event/json-text.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { ExitWatch } from './exit-watch.ts';
import type { LogRecordExporter } from './log-record-exporter.ts';
import {
  DEFAULT_DURABILITY,
  DEFAULT_WHEN_UNAVAILABLE,
  type Durability,
  type PerStream,
  type WhenUnavailable,
  forEachStream,
} from './policy.ts';
import { RetryingLogRecordExporter } from './retrying-log-record-exporter.ts';
import { STREAMS, type Stream, streamOf } from './stream.ts';

export interface AuditLogRecordProcessorOptions {
  /** Where records go. */
  readonly exporter: LogRecordExporter;
  /**
   * When an operation that is recorded resolves: `batch`, `os` or `disk`, for all streams or for each. With `os`, records
   * are exported before `emit` returns, always. `disk` takes an exporter that can sync, as `FileLogRecordExporter` can.
   *
   * @default { audit: 'os', api: 'batch', app: 'batch' }
   */
  readonly durability?: PerStream<Durability> | undefined;
  /** What is asked of an operation while its record can't be exported. @default 'open' */
  readonly whenUnavailable?: PerStream<WhenUnavailable> | undefined;
  /** How much of a stream waits in memory while it can't be exported, as lines of a file. @default 8 MiB */
  readonly maxQueueBytes?: number | undefined;
  /** How long `block` has an operation wait, and `disk` one whose sync doesn't end. @default 5000 */
  readonly maxBlockMs?: number | undefined;
  /** Whether `auditHealth()` tells of this exporter's outages. @default true */
  readonly isHealth?: boolean | undefined;
  /** Redacts what other code logged. @default createRedactor() */
  readonly redactor?: Redactor | undefined;
}

/**
 * Records that are exported at once in each turn of the event loop, before the rest of the turn's is held for one batch.
 * A write is 5 to 15 µs, and needs no more care; a batch makes it 1 µs, but has to listen to signals meanwhile, which
 * costs 30 µs each time that it begins. Where the last turn had as many, it has not ended yet.
 */
const DIRECT_PER_TURN = 3;

/** Held records are exported when they are so many, so that they take little memory. */
const MAX_HELD = 512;

/** The application's tests may replace the timers; this is the true one. */
const onNextTurn = setImmediate;

/**
 * OpenTelemetry's LogRecordProcessor (SDK 2.x and 3.x) for records that must not get lost. Audit records are exported
 * before `emit` returns; of the others the first few of each turn of the event loop too, the rest at the end of the
 * turn, and before the process ends. It drops nothing, never throws, and has no timer.
 *
 * @example
 * new LoggerProvider({ processors: [new AuditLogRecordProcessor({ exporter: new FileLogRecordExporter() })] });
 */
export class AuditLogRecordProcessor {
  readonly #exporter: RetryingLogRecordExporter;
  readonly #durability: Readonly<Record<Stream, Durability>>;
  readonly #redactor: Redactor;
  readonly #exit: ExitWatch;
  #held: LogRecordLike[] = [];
  #thisTurn = 0;
  #lastTurn = 0;
  #tooLate = 0;
  #shutdown: Promise<void> | undefined;

  /** @throws Error if a stream is to be synced, and the exporter can't */
  constructor(options: AuditLogRecordProcessorOptions) {
    const { exporter, durability, whenUnavailable, redactor = createRedactor(), ...others } = options;
    this.#durability = forEachStream(durability, DEFAULT_DURABILITY);
    this.#redactor = redactor;
    this.#exporter = new RetryingLogRecordExporter(exporter, {
      ...others,
      synced: STREAMS.filter((stream) => this.#durability[stream] === 'disk'),
      whenUnavailable: forEachStream(whenUnavailable, DEFAULT_WHEN_UNAVAILABLE),
      flushHeld: () => this.#exportHeld(),
      redactor,
    });
    this.#exit = new ExitWatch(() => this.#flushAtExit());
  }

  onEmit(record: LogRecordLike, context?: Context): void {
    try {
      if (this.#shutdown) {
        this.#tooLate += 1;
        report('taking a record after the shutdown', `${this.#tooLate} are lost so far`);
        return;
      }
      const stream = streamOf(record);
      this.#attach(record, stream, context);
      if (this.#durability[stream] === 'os') this.#exporter.export([record]);
      else this.#take(record);
      this.#acknowledge(stream);
    } catch (error) {
      report('taking a record', error);
    }
  }

  /** Resolves when all records are exported, or are known to be in trouble, which is reported. Doesn't reject. */
  async forceFlush(): Promise<void> {
    this.#exportHeld();
    await this.#exporter.forceFlush().catch((error: unknown) => report('flushing', error));
  }

  /** Flushes, and shuts the exporter down. Records that come later are reported as lost. Doesn't reject. */
  shutdown(): Promise<void> {
    return (this.#shutdown ??= this.#flushAndClose());
  }

  async #flushAndClose(): Promise<void> {
    await this.forceFlush();
    this.#exit.close();
    await this.#exporter.shutdown().catch((error: unknown) => report('shutting down', error));
  }

  /** Hangs the event on the record while the work that made it is in hand; a record that can't be read goes on. */
  #attach(record: LogRecordLike, stream: Stream, context: Context | undefined): void {
    try {
      attachEvent(record, context, this.#redactor);
      if (stream === 'app') setOrigin(record, attachedEvent(record, this.#redactor));
    } catch (error) {
      report('reading a record', error);
    }
  }

  #acknowledge(stream: Stream): void {
    if (!isAwaited()) {
      this.#exporter.join(stream);
      return;
    }
    const acknowledged = this.#exporter.acknowledgement(stream);
    if (acknowledged) acknowledgeAfter(acknowledged);
  }

  #take(record: LogRecordLike): void {
    this.#thisTurn += 1;
    if (this.#thisTurn === 1) onNextTurn(this.#endTurn);
    if (Math.max(this.#thisTurn, this.#lastTurn) <= DIRECT_PER_TURN) this.#exporter.export([record]);
    else this.#hold(record);
  }

  #hold(record: LogRecordLike): void {
    this.#held.push(record);
    if (this.#held.length === 1) this.#exit.hold();
    if (this.#held.length >= MAX_HELD) this.#exporter.export(this.#takeHeld());
  }

  readonly #endTurn = (): void => {
    this.#lastTurn = this.#thisTurn;
    this.#thisTurn = 0;
    this.#exportHeld();
    this.#exporter.commit();
  };

  #exportHeld(): void {
    if (this.#held.length > 0) this.#exporter.export(this.#takeHeld());
    this.#exit.release();
  }

  #takeHeld(): readonly LogRecordLike[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #flushAtExit(): void {
    this.#exportHeld();
    this.#exporter.retry(true);
    this.#exporter.reportWaiting('exporting records before the process ends');
  }
}

/** Puts the request and the actor on a record of foreign code, for exporters that ship its attributes. */
function setOrigin(
  record: LogRecordLike & { setAttribute?(name: string, value: string): unknown },
  event: AnyEvent<JsonText>,
): void {
  const { request_id: requestId, actor_id: actorId, actor_type: actorType } = event;
  const isKnown = requestId !== undefined || actorType !== 'system';
  for (const [name, value] of [
    [AUDIT_REQUEST_ID, requestId],
    [AUDIT_ACTOR_ID, isKnown ? actorId : undefined],
    [AUDIT_ACTOR_TYPE, isKnown ? actorType : undefined],
  ] as const) {
    if (value !== undefined && record.attributes[name] === undefined) record.setAttribute?.(name, value);
  }
}
