/** What records something, if it is active. */
interface Taker {
  readonly active: boolean;
}

/**
 * What would record the same thing, in all copies of this package in a process: the first that is active does, so that
 * nothing is recorded twice.
 */
export class Takers<T extends Taker> {
  readonly #shared: { readonly takers: Set<T>; isWatched: boolean };

  /** @param name the same in all copies */
  constructor(name: string) {
    const slots = globalThis as { [slot: symbol]: { takers: Set<T>; isWatched: boolean } | undefined };
    this.#shared = slots[Symbol.for(`activity-audit.${name}.1`)] ??= { takers: new Set(), isWatched: false };
  }

  add(taker: T): void {
    this.#shared.takers.add(taker);
  }

  /** Calls what watches for the thing, once a process, and for ever. */
  watchOnce(watch: () => void): void {
    if (this.#shared.isWatched) return;
    this.#shared.isWatched = true;
    watch();
  }

  /** Whether anybody was ever here. */
  get isEmpty(): boolean {
    return this.#shared.takers.size === 0;
  }

  active(): T | undefined {
    for (const taker of this.#shared.takers) if (taker.active) return taker;
    return undefined;
  }
}
