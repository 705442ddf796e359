import { attachedEvent } from '../event/attached-event.ts';
import type { LogRecordLike } from '../event/from-log-record.ts';
import { guard, report } from '../event/guard.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { exportHealth } from './export-health.ts';
import { GroupCommit } from './group-commit.ts';
import { lineOf } from './line.ts';
import type { ExportResult, LogRecordExporter } from './log-record-exporter.ts';
import { lossRecord } from './loss-record.ts';
import { type Loss, Outage } from './outage.ts';
import { DEFAULT_WHEN_UNAVAILABLE, type WhenUnavailable } from './policy.ts';
import { reasonOf } from './reason-of.ts';
import type { Kept } from './record-queue.ts';
import { type Stream, byStream, streamOf } from './stream.ts';

export interface RetryingOptions {
  /** The streams that are synced; takes an exporter that can. @default none */
  readonly synced?: readonly Stream[] | undefined;
  /** @default open */
  readonly whenUnavailable?: Readonly<Record<Stream, WhenUnavailable>> | undefined;
  /** Of each stream. @default 8 MiB */
  readonly maxQueueBytes?: number | undefined;
  /** @default 5000 */
  readonly maxBlockMs?: number | undefined;
  /** Whether `auditHealth()` tells of it. @default true */
  readonly isHealth?: boolean | undefined;
  /** Redacts what other code logged. @default createRedactor() */
  readonly redactor?: Redactor | undefined;
  /** Exports what is held before it comes here. */
  readonly flushHeld?: (() => void) | undefined;
  /** @default Date.now */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_MAX_QUEUE_BYTES = 8 * 1024 * 1024;
const DEFAULT_MAX_BLOCK_MS = 5000;

/** An export or a sync that takes so long is slow: the records after it wait in memory, not the application. */
const SLOW_MS = 1000;

/** How many records that have waited are exported at a time. */
const MAX_BATCH = 512;

/** The application's tests may replace the timers and the clock; these are the true ones. */
const onNextTurn = setImmediate;
const later = setTimeout;
const cancel = clearTimeout;
const clock = performance.now.bind(performance);

/**
 * Keeps what another exporter fails to export, and tries again, a second apart at most: the order within a stream stays,
 * and a stream that is in trouble doesn't hold up the others. What doesn't fit in memory is lost, which the operator and
 * the stream itself are told. Never throws.
 */
export class RetryingLogRecordExporter implements LogRecordExporter {
  readonly #exporter: LogRecordExporter;
  readonly #options: RetryingOptions;
  readonly #redactor: Redactor;
  readonly #now: () => number;
  readonly #commits: ReadonlyMap<Stream, GroupCommit>;
  /** The streams in trouble. */
  readonly #outages = new Map<Stream, Outage>();
  /** Of these, what has waited is written, but not synced yet: with new trouble, they go on. */
  readonly #ending = new Map<Stream, { readonly outage: Outage }>();
  /** Those of which records that have waited are on their way. */
  readonly #trying = new Set<Stream>();
  #exports = 0;
  #inFlight = 0;
  #inFlightSince = 0;
  /** That of the latest record. */
  #resource: LogRecordLike['resource'] = { attributes: {} };
  #whenSettled: (() => void)[] = [];

  /** @throws Error if the exporter can't sync, but shall */
  constructor(exporter: LogRecordExporter, options: RetryingOptions = {}) {
    const { synced = [], redactor = createRedactor(), now = Date.now } = options;
    this.#exporter = exporter;
    this.#options = options;
    this.#redactor = redactor;
    this.#now = now;
    this.#commits = new Map(synced.map((stream) => [stream, this.#commitOf(stream)]));
  }

  /** Calls back with success always: a record is exported, or kept, or reported as lost. */
  export(records: readonly LogRecordLike[], resultCallback?: (result: ExportResult) => void): void {
    if (this.#isStuck()) for (const stream of byStream(records).keys()) this.#trouble(stream, STUCK, true);
    if (this.#outages.size === 0) this.#attempt(records);
    else this.#attempt(records.filter((record) => !this.#keptBehindOthers(record)));
    resultCallback?.({ code: 0 });
  }

  /** Has a record synced that nothing waits for, if it is to be. */
  join(stream: Stream): void {
    if (!this.#outages.has(stream)) void this.#commits.get(stream)?.join();
  }

  /** What an operation has to wait for whose record was exported, or will be; undefined for nothing. Doesn't reject. */
  acknowledgement(stream: Stream): Promise<unknown> | undefined {
    const outage = this.#outages.get(stream);
    if (outage) return outage.policy === 'block' ? outage.passed() : undefined;
    const synced = this.#commits.get(stream)?.join();
    if (!synced || this.#options.whenUnavailable?.[stream] !== 'block') return synced;
    const began = clock();
    // A record that was held may be in trouble when its sync is due.
    return synced.then(() => this.#latest(stream)?.passed(clock() - began));
  }

  /** Exports what is held, and syncs, for who waits for it. */
  commit(): void {
    for (const commit of this.#commits.values()) commit.commit();
  }

  /** Tries what waits: the oldest of each stream, and the rest if that works, so that lasting trouble stays cheap. */
  retry(isUrgent = false): void {
    for (const outage of this.#outages.values()) {
      if (this.#trying.has(outage.stream)) continue;
      const [oldest] = outage.queue.take(1);
      if (oldest) this.#send(outage, [oldest], isUrgent);
      else this.#goOn(outage, isUrgent);
    }
  }

  /** How many records wait. */
  get waiting(): number {
    let count = 0;
    for (const { queue } of this.#outages.values()) count += queue.length;
    return count;
  }

  async forceFlush(): Promise<void> {
    await this.#drain();
    await Promise.all(Array.from(this.#commits.keys(), async (stream) => this.#whenSynced(stream)));
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.#drain();
    this.reportWaiting('shutting down');
    for (const outage of this.#outages.values()) outage.abandon();
    this.#outages.clear();
    await this.#exporter.shutdown();
  }

  /** Tells the operator what is lost if the process ends now. */
  reportWaiting(doing: string): void {
    let lost = this.waiting;
    for (const outage of this.#outages.values()) lost += outage.untold;
    if (lost > 0) report(doing, `${lost} records could not be exported and are lost`);
  }

  #attempt(records: readonly LogRecordLike[], attempt: Attempt = {}): void {
    if (records.length === 0) return;
    const { next, isSecond = false } = attempt;
    // What has waited is the oldest.
    const order = next ? 0 : (this.#exports += 1);
    const began = clock();
    if (this.#inFlight === 0) this.#inFlightSince = began;
    this.#inFlight += 1;
    let hasReturned = false;
    let isSettled = false;
    const settle = (result: ExportResult): void => {
      if (isSettled) return;
      isSettled = true;
      this.#inFlight -= 1;
      this.#inFlightSince = clock();
      const unexported = result.code === 0 ? [] : (result.unexported ?? records);
      const isSlow = this.#inFlightSince - began >= SLOW_MS;
      if (isSlow) this.#slow(records, this.#inFlightSince - began);
      if (unexported.length === 0) next?.(!isSlow);
      else if (!hasReturned && !isSecond && !next) this.#attempt(unexported, { isSecond: true });
      else this.#failed(unexported, order, result.error, attempt);
      if (this.#inFlight === 0) this.#tellSettled();
    };
    try {
      this.#exporter.export(records, settle);
    } catch (error) {
      settle({ code: 1, error: error instanceof Error ? error : new Error(String(error)) });
    }
    hasReturned = true;
  }

  #failed(records: readonly LogRecordLike[], order: number, error: Error | undefined, { loss, next }: Attempt): void {
    const reason = error ? reasonOf(error) : 'the exporter gave no reason';
    for (const [stream, failed] of byStream(records)) {
      const outage = this.#trouble(stream, reason, false);
      if (loss) outage.addLoss(loss);
      else
        outage.keepBefore(
          failed.map((record) => this.#keep(record)),
          order,
        );
    }
    next?.(false);
  }

  #slow(records: readonly LogRecordLike[], ms: number): void {
    for (const stream of byStream(records).keys()) this.#trouble(stream, `a write took ${Math.round(ms)} ms`, true);
  }

  /** Whether an asynchronous exporter has something for so long that no more is given to it. */
  #isStuck(): boolean {
    return this.#inFlight > 0 && clock() - this.#inFlightSince >= SLOW_MS;
  }

  #trouble(stream: Stream, reason: string, isSlow: boolean): Outage {
    const known = this.#latest(stream);
    this.#ending.delete(stream);
    known?.goesOn(reason, isSlow);
    const outage = known ?? this.#newOutage(stream, reason, isSlow);
    this.#outages.set(stream, outage);
    return outage;
  }

  #latest(stream: Stream): Outage | undefined {
    return this.#outages.get(stream) ?? this.#ending.get(stream)?.outage;
  }

  #newOutage(stream: Stream, reason: string, isSlow: boolean): Outage {
    const { whenUnavailable = DEFAULT_WHEN_UNAVAILABLE, maxQueueBytes = DEFAULT_MAX_QUEUE_BYTES } = this.#options;
    const { maxBlockMs = DEFAULT_MAX_BLOCK_MS, isHealth = true } = this.#options;
    const policy = whenUnavailable[stream];
    const retry = (): void => this.retry();
    const options = { stream, policy, maxQueueBytes, maxBlockMs, isHealth, now: this.#now, retry };
    return new Outage(options, reason, isSlow);
  }

  /** Whether the record has to wait behind older ones of its stream. */
  #keptBehindOthers(record: LogRecordLike): boolean {
    const outage = this.#outages.get(streamOf(record));
    outage?.keep(this.#keep(record));
    return outage !== undefined;
  }

  #keep(record: LogRecordLike): Kept {
    this.#resource = record.resource;
    if (this.#exporter.keep) return this.#exporter.keep(record);
    const bytes = guard('reading a record', () => lineOf(attachedEvent(record, this.#redactor)).length);
    return { record, bytes: bytes ?? UNREADABLE_BYTES };
  }

  /** @param loss what the record tells of: if it can't be exported it isn't kept, and the next one tells that, too */
  #send(outage: Outage, records: readonly LogRecordLike[], isUrgent: boolean, loss?: Loss): void {
    this.#trying.add(outage.stream);
    const next = (exported: boolean): void => {
      this.#trying.delete(outage.stream);
      if (!exported) return;
      if (isUrgent) this.#goOn(outage, isUrgent);
      else onNextTurn(() => this.#goOn(outage, isUrgent));
    };
    this.#attempt(records, { next, loss });
  }

  /** After something of the stream was exported: the rest, what was lost, and a sync; then the outage is over. */
  #goOn(outage: Outage, isUrgent: boolean): void {
    const { stream, queue } = outage;
    if (this.#trying.has(stream) || this.#outages.get(stream) !== outage) return;
    if (queue.length > 0) {
      this.#send(outage, queue.take(MAX_BATCH), isUrgent);
      return;
    }
    const loss = outage.takeLoss();
    if (loss) {
      this.#send(outage, [lossRecord(stream, loss, this.#resource, this.#now())], isUrgent, loss);
      return;
    }
    if (outage.needsSync) this.#syncAfter(outage, isUrgent);
    else this.#end(outage);
  }

  /** After a sync had failed. */
  #syncAfter(outage: Outage, isUrgent: boolean): void {
    if (outage.isSyncing) return;
    outage.isSyncing = true;
    this.#synced(outage.stream, (isSafe) => {
      outage.isSyncing = false;
      outage.needsSync = !isSafe;
      if (isSafe) this.#goOn(outage, isUrgent);
    });
  }

  /** Who waits for it waits for the sync, too. */
  #end(outage: Outage): void {
    const { stream } = outage;
    this.#outages.delete(stream);
    const ending = { outage };
    this.#ending.set(stream, ending);
    this.#synced(stream, () => {
      if (this.#ending.get(stream) !== ending) return;
      this.#ending.delete(stream);
      outage.end();
    });
  }

  /** Calls back when what was exported of a stream is on the disk, if it is to be there. */
  #synced(stream: Stream, then: (isSafe: boolean) => void): void {
    const commit = this.#commits.get(stream);
    if (!commit) {
      then(true);
      return;
    }
    void commit.join(0).then(then);
    commit.commit();
  }

  #commitOf(stream: Stream): GroupCommit {
    const sync = this.#exporter.syncOf?.(stream);
    if (!sync) throw new Error('durability disk takes an exporter that can sync, as FileLogRecordExporter can');
    const { whenUnavailable = DEFAULT_WHEN_UNAVAILABLE, maxBlockMs = DEFAULT_MAX_BLOCK_MS } = this.#options;
    return new GroupCommit({
      sync,
      slowMs: SLOW_MS,
      maxWaitMs: whenUnavailable[stream] === 'open' ? SLOW_MS : maxBlockMs,
      flush: () => this.#options.flushHeld?.(),
      failed: (reason, records) => this.#trouble(stream, reason, false).notSynced(records),
      slow: (reason) => {
        this.#trouble(stream, reason, true).needsSync = true;
      },
      synced: (seconds) => {
        for (const listener of exportHealth.listeners) listener.synced(stream, seconds);
      },
    });
  }

  #whenSynced(stream: Stream): Promise<boolean> {
    return new Promise((resolve) => {
      this.#synced(stream, resolve);
    });
  }

  /** Tries all that waits, also what is behind a retry that is under way. */
  async #drain(): Promise<void> {
    const isBehind = this.#trying.size > 0;
    this.retry(true);
    await this.#settled();
    if (!isBehind) return;
    this.retry(true);
    await this.#settled();
  }

  /** Resolves when nothing is in flight; an exporter that doesn't call back is not waited for without end. */
  async #settled(): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const deadline = later(resolve, this.#options.maxBlockMs ?? DEFAULT_MAX_BLOCK_MS);
      this.#whenSettled.push(() => {
        cancel(deadline);
        resolve();
      });
    });
  }

  #tellSettled(): void {
    const told = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of told) resolve();
  }
}

/** Who gives records to the exporter, and why. */
interface Attempt {
  /** The first has failed. */
  readonly isSecond?: boolean;
  readonly loss?: Loss | undefined;
  /** For records that have waited: is told whether the rest may follow. */
  readonly next?: ((exported: boolean) => void) | undefined;
}

/** For what a record counts that nobody can read. */
const UNREADABLE_BYTES = 1024;

const STUCK = `the exporter takes longer than ${SLOW_MS} ms`;
