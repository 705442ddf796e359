import type { LogRecordLike } from '../event/from-log-record.ts';
import { report } from '../event/guard.ts';
import type { ExportResult, LogRecordExporter } from './log-record-exporter.ts';
import { type Stream, byStream, streamOf } from './stream.ts';

/** Records of one stream that may wait for an exporter to recover. */
const MAX_WAITING = 10_000;

/**
 * Keeps what another exporter fails to export, and tries again before the next record of the same stream and at each
 * flush: the order within a stream stays, and a stream that is in trouble doesn't hold up the others. What goes beyond
 * 10 000 records a stream is counted and reported as lost. Never throws.
 */
export class RetryingLogRecordExporter implements LogRecordExporter {
  readonly #exporter: LogRecordExporter;
  /** The streams in trouble; a queue may be empty while its last record is being tried. */
  readonly #waiting = new Map<Stream, LogRecordLike[]>();
  readonly #trying = new Set<Stream>();
  #inFlight = 0;
  #whenSettled: (() => void)[] = [];
  #lost = 0;

  constructor(exporter: LogRecordExporter) {
    this.#exporter = exporter;
  }

  /** Calls back with success always: a record is exported, or kept, or reported as lost. */
  export(records: readonly LogRecordLike[], resultCallback?: (result: ExportResult) => void): void {
    if (this.#waiting.size === 0) {
      this.#attempt(records);
    } else {
      this.#attempt(records.filter((record) => !this.#queued(record)));
      this.retry();
    }
    resultCallback?.({ code: 0 });
  }

  /** Tries what waits: the oldest of each stream, and the rest if that works, so that lasting trouble stays cheap. */
  retry(): void {
    const streams = [...this.#waiting.keys()];
    for (const stream of streams) {
      const oldest = this.#trying.has(stream) ? undefined : this.#waiting.get(stream)?.shift();
      if (!oldest) continue;
      this.#trying.add(stream);
      this.#attempt([oldest], (exported) => {
        this.#trying.delete(stream);
        if (exported) this.#attempt(this.#takeQueue(stream));
      });
    }
  }

  /** How many records wait. */
  get waiting(): number {
    let count = 0;
    for (const queue of this.#waiting.values()) count += queue.length;
    return count;
  }

  async forceFlush(): Promise<void> {
    this.retry();
    await this.#settled();
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    this.retry();
    await this.#settled();
    this.reportWaiting('shutting down');
    await this.#exporter.shutdown();
  }

  /** Tells the operator what is lost if the process ends now. */
  reportWaiting(doing: string): void {
    const lost = this.#lost + this.waiting;
    if (lost > 0) report(doing, `${lost} records could not be exported and are lost`);
  }

  #attempt(records: readonly LogRecordLike[], then?: (exported: boolean) => void): void {
    if (records.length === 0) return;
    this.#inFlight += 1;
    let isSettled = false;
    const settle = (result: ExportResult): void => {
      if (isSettled) return;
      isSettled = true;
      this.#inFlight -= 1;
      const exported = result.code === 0;
      if (!exported) this.#keep(result.unexported ?? records, result.error);
      then?.(exported);
      if (this.#inFlight === 0) this.#tellSettled();
    };
    try {
      this.#exporter.export(records, settle);
    } catch (error) {
      settle({ code: 1, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  /** Puts records at the front of their queues: they are older than what has queued up since. */
  #keep(records: readonly LogRecordLike[], error: Error | undefined): void {
    report('exporting records', error ?? 'the exporter gave no reason');
    for (const [stream, failed] of byStream(records)) {
      const queue = [...failed, ...(this.#waiting.get(stream) ?? [])];
      this.#countLost(queue.splice(MAX_WAITING).length);
      this.#waiting.set(stream, queue);
    }
  }

  #takeQueue(stream: Stream): readonly LogRecordLike[] {
    const queue = this.#waiting.get(stream) ?? [];
    this.#waiting.delete(stream);
    return queue;
  }

  /** Whether the record has to queue behind older ones of its stream. */
  #queued(record: LogRecordLike): boolean {
    const queue = this.#waiting.get(streamOf(record));
    if (!queue) return false;
    if (queue.length < MAX_WAITING) queue.push(record);
    else this.#countLost(1);
    return true;
  }

  #countLost(count: number): void {
    if (count === 0) return;
    this.#lost += count;
    report(`keeping more than ${MAX_WAITING} records`, `${this.#lost} are lost so far`);
  }

  async #settled(): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  #tellSettled(): void {
    const told = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of told) resolve();
  }
}
