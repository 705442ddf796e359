import { TOLD_EVERY_MS, say, tell } from '../event/guard.ts';
import { type Gate, closeGate } from '../event/obstacle.ts';
import { type Trouble, exportHealth } from './export-health.ts';
import type { WhenUnavailable } from './policy.ts';
import { type Kept, RecordQueue } from './record-queue.ts';
import type { Stream } from './stream.ts';

/** What happened to records in an outage, other than that they were written late. */
export interface Loss {
  /** How many nobody will find. */
  readonly records: number;
  /** How many were written, but may not outlive a power loss, as a sync failed. */
  readonly unsynced: number;
  /** Milliseconds since 1970, of the first and the last. */
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface OutageOptions {
  readonly stream: Stream;
  readonly policy: WhenUnavailable;
  readonly maxQueueBytes: number;
  readonly maxBlockMs: number;
  /** Whether `auditHealth()` tells of it. */
  readonly isHealth: boolean;
  readonly now: () => number;
  /** Is called time and again, until it ends. */
  readonly retry: () => void;
}

/** How long after its begin the first retry is, and how far apart they are at most. */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 1000;

/** The application's tests may replace the timers; these are the true ones. */
const later = setTimeout;
const cancel = clearTimeout;

/**
 * The time in which the records of one stream can't be written: they wait in memory, and what has no room there is
 * counted. The operator hears of its begin and of its end, and so does whoever would do what is recorded, if the policy
 * says so.
 */
export class Outage implements Trouble {
  readonly stream: Stream;
  readonly policy: WhenUnavailable;
  readonly since: number;
  readonly queue: RecordQueue;
  readonly #options: OutageOptions;
  readonly #waiting = new Set<() => void>();
  readonly #openGate: (() => void) | undefined;
  #wasTold: boolean;
  /** It can't be over before a sync has succeeded. */
  needsSync = false;
  isSyncing = false;
  #reason: string;
  #isSlow: boolean;
  #loss: Loss | undefined;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutageOptions, reason: string, isSlow: boolean) {
    const { stream, policy, maxQueueBytes, isHealth, now } = options;
    this.stream = stream;
    this.policy = policy;
    this.since = now();
    this.queue = new RecordQueue(maxQueueBytes);
    this.#options = options;
    this.#reason = reason;
    this.#isSlow = isSlow;
    if (isHealth) exportHealth.troubles.add(this);
    this.#openGate = policy === 'open' ? undefined : closeGate(this.#gate);
    this.#wasTold = this.#tellBegin();
    this.#retryIn(FIRST_RETRY_MS);
  }

  get reason(): string {
    return this.#reason;
  }

  get isSlow(): boolean {
    return this.#isSlow;
  }

  get queuedRecords(): number {
    return this.queue.length;
  }

  get queuedBytes(): number {
    return this.queue.bytes;
  }

  /** How many records are lost that the stream wasn't told of yet. */
  get untold(): number {
    return this.#loss?.records ?? 0;
  }

  /** It goes on, perhaps for another reason. */
  goesOn(reason: string, isSlow: boolean): void {
    this.#reason = reason;
    this.#isSlow = isSlow;
    // It began soon after another one, and lasts.
    if (!this.#wasTold && this.#options.now() - this.since >= TOLD_EVERY_MS) this.#wasTold = this.#tellBegin();
  }

  /** Keeps a record for later, or counts it as lost. */
  keep(kept: Kept): void {
    if (!this.queue.add(kept)) this.#lose(1);
  }

  /** Keeps records that came back of an export, which are older than the others, at the cost of the youngest. */
  keepBefore(kept: readonly Kept[], order: number): void {
    this.#lose(this.queue.putBack(kept, order).length);
  }

  /** Records were written, but could not be synced. */
  notSynced(records: number): void {
    this.needsSync = true;
    if (records > 0) this.#add({ records: 0, unsynced: records });
  }

  /** What was lost since the last time. */
  takeLoss(): Loss | undefined {
    const loss = this.#loss;
    this.#loss = undefined;
    return loss;
  }

  /** What was to be told, and could not be. */
  addLoss(earlier: Loss): void {
    const { records, unsynced, to, reason } = this.#loss ?? { ...earlier, records: 0, unsynced: 0 };
    this.#loss = {
      records: earlier.records + records,
      unsynced: earlier.unsynced + unsynced,
      from: earlier.from,
      to,
      reason,
    };
  }

  /**
   * Resolves when it has ended, or an operation has waited for long enough.
   *
   * @param waited milliseconds for which it has waited already
   */
  passed(waited = 0): Promise<void> {
    return new Promise((resolve) => {
      const pass = (): void => {
        cancel(deadline);
        this.#waiting.delete(pass);
        resolve();
      };
      const deadline = later(pass, Math.max(0, this.#options.maxBlockMs - waited));
      this.#waiting.add(pass);
    });
  }

  end(): void {
    const seconds = ((this.#options.now() - this.since) / 1000).toFixed(1);
    if (this.#wasTold) say(`${this.stream} records are written again, after ${seconds} s; ${this.#lost} were lost`);
    this.abandon();
  }

  /** Nobody tries any more. */
  abandon(): void {
    cancel(this.#timer);
    exportHealth.troubles.delete(this);
    this.#openGate?.();
    for (const pass of this.#waiting) pass();
  }

  readonly #gate: Gate = (stream) => {
    if (stream !== this.stream) return undefined;
    return { reason: this.#reason, passed: this.policy === 'block' ? () => this.passed() : undefined };
  };

  /** @returns whether it was told now, and so its end will be */
  #tellBegin(): boolean {
    const what = this.#isSlow ? 'are slow to write' : "can't be written";
    const text = `${this.stream} records ${what}, and wait in memory: ${this.#reason}`;
    return tell(`an outage of ${this.stream}`, text, this.#options.now);
  }

  #lose(records: number): void {
    if (records === 0) return;
    const { stream, isHealth } = this.#options;
    this.#lost += records;
    if (isHealth) exportHealth.counts[stream].lost += records;
    this.#add({ records, unsynced: 0 });
    tell(`losing records of ${stream}`, `${stream} records beyond maxQueueBytes are lost: ${this.#lost} so far`);
  }

  #add({ records, unsynced }: Pick<Loss, 'records' | 'unsynced'>): void {
    const now = this.#options.now();
    const before = this.#loss ?? { records: 0, unsynced: 0, from: now };
    this.#loss = {
      records: before.records + records,
      unsynced: before.unsynced + unsynced,
      from: before.from,
      to: now,
      reason: this.#reason,
    };
  }

  #retryIn(ms: number): void {
    this.#timer = later(() => {
      this.#retryIn(Math.min(2 * ms, MAX_RETRY_MS));
      this.#options.retry();
    }, ms);
    this.#timer.unref();
  }
}
