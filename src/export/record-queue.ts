import type { LogRecordLike } from '../event/from-log-record.ts';

/** A record that is kept to be exported later. */
export interface Kept {
  readonly record: LogRecordLike;
  /** How much it takes, of memory and of the limit. */
  readonly bytes: number;
}

/** Records of one stream, the oldest first, that together take no more than a number of bytes. */
export class RecordQueue {
  readonly #maxBytes: number;
  #kept: Kept[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#kept.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns false if there is no room for it, so that it is lost */
  add(kept: Kept): boolean {
    if (this.#bytes + kept.bytes > this.#maxBytes) return false;
    this.#kept.push(kept);
    this.#bytes += kept.bytes;
    return true;
  }

  /**
   * Puts records before the others, which are younger.
   *
   * @returns those for which there is no room any more: the youngest
   */
  putBack(kept: readonly Kept[]): readonly Kept[] {
    this.#kept = [...kept, ...this.#kept];
    for (const { bytes } of kept) this.#bytes += bytes;
    let room = this.#kept.length;
    while (this.#bytes > this.#maxBytes) this.#bytes -= this.#kept[(room -= 1)]?.bytes ?? 0;
    return this.#kept.splice(room);
  }

  /** Takes the oldest out, as many as given. */
  take(count: number): readonly Kept[] {
    const taken = this.#kept.splice(0, count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }
}
