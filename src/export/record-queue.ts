import type { LogRecordLike } from '../event/from-log-record.ts';

/** A record that is kept to be exported later. */
export interface Kept {
  readonly record: LogRecordLike;
  /** How much it takes, of memory and of the limit. */
  readonly bytes: number;
}

/** One that was given to the exporter, and came back. */
interface Waiting extends Kept {
  readonly order?: number;
}

/** Records of one stream, the oldest first, that together take no more than a number of bytes. */
export class RecordQueue {
  readonly #maxBytes: number;
  #kept: Waiting[] = [];
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
   * Puts records before the others, which are younger, but for those that came back of an export which had begun before.
   *
   * @param order that of their export: greater than that of an earlier one
   * @returns those for which there is no room any more: the youngest
   */
  putBack(kept: readonly Kept[], order: number): readonly Kept[] {
    const younger = this.#kept.findIndex((waiting) => (waiting.order ?? Infinity) >= order);
    const at = younger === -1 ? this.#kept.length : younger;
    // Moves those of a long queue; a copy of it would take a hundred times as long. An export is short.
    this.#kept.splice(at, 0, ...kept.map((one): Waiting => ({ ...one, order })));
    for (const { bytes } of kept) this.#bytes += bytes;
    let room = this.#kept.length;
    while (this.#bytes > this.#maxBytes) this.#bytes -= this.#kept[(room -= 1)]?.bytes ?? 0;
    return this.#kept.splice(room);
  }

  /** Takes the oldest out, as many as given. */
  take(count: number): readonly LogRecordLike[] {
    const taken = this.#kept.splice(0, count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken.map(({ record }) => record);
  }
}
