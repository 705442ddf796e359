import { reasonOf } from './reason-of.ts';

/** Syncs what was exported of a stream; calls back once. */
export type Sync = (synced: (error?: Error) => void) => void;

export interface GroupCommitOptions {
  readonly sync: Sync;
  /** Exports what is held in memory: who has joined may have records there. */
  readonly flush: () => void;
  /** How long a member of a group waits at most, whatever becomes of the sync. */
  readonly maxWaitMs: number;
  /** After how long a sync is slow. */
  readonly slowMs: number;
  /** Is told of a sync that failed, and of how many records it was to be. */
  readonly failed: (reason: string, records: number) => void;
  /** Is told of a sync that takes long, and may still succeed. */
  readonly slow: (reason: string) => void;
  /** Is told how long a sync took, in seconds. */
  readonly synced: (seconds: number) => void;
}

/** The application's tests may replace the timers and the clock; these are the true ones. */
const later = setTimeout;
const cancel = clearTimeout;
const clock = performance.now.bind(performance);

/**
 * Lets all that is recorded at a time share one sync, and what is recorded meanwhile the next one: there is one at a time,
 * so that a slow disk takes one of the threads that the application's own file operations need, not all.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #gathering: Group | undefined;
  #isSyncing = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all that has been taken so far is on the disk, or has been waited for long enough: `false`, then.
   *
   * @param records how many are taken with it; none for who wants a sync alone
   */
  join(records: 0 | 1 = 1): Promise<boolean> {
    this.#gathering ??= new Group(this.#options.maxWaitMs);
    this.#gathering.records += records;
    return this.#gathering.done;
  }

  /** Exports what is held, and syncs for those who have joined, if there are any. */
  commit(): void {
    if (!this.#gathering || this.#isSyncing) return;
    this.#options.flush();
    const group = this.#gathering;
    // The flush may have come here itself.
    if (!group || this.#isSyncing) return;
    this.#gathering = undefined;
    this.#isSyncing = true;
    this.#sync(group, (isSafe) => {
      this.#isSyncing = false;
      group.release(isSafe);
      this.commit();
    });
  }

  #sync({ records }: Group, then: (isSafe: boolean) => void): void {
    const { sync, slowMs, failed, slow, synced } = this.#options;
    const began = clock();
    const patience = later(() => slow(`a sync takes longer than ${slowMs} ms`), slowMs);
    const ended = (error?: Error): void => {
      cancel(patience);
      if (error) failed(reasonOf(error), records);
      else synced((clock() - began) / 1000);
      then(!error);
    };
    try {
      sync(ended);
    } catch (error) {
      ended(error as Error);
    }
  }
}

/** Those whose records share one sync. */
class Group {
  records = 0;
  readonly done: Promise<boolean>;
  #resolve: ((isSafe: boolean) => void) | undefined;
  readonly #deadline: NodeJS.Timeout;

  constructor(maxWaitMs: number) {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#deadline = later(() => this.release(false), maxWaitMs);
  }

  /** @param isSafe whether the records are on the disk */
  release(isSafe: boolean): void {
    cancel(this.#deadline);
    this.#resolve?.(isSafe);
  }
}
