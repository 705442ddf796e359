/** What stays allocated between two fillings. */
const KEPT_BYTES = 256 * 1024;
/** UTF-8 takes at most as many for a UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Gathers lines as bytes, in memory that is used again and again: a new buffer for each batch costs as much as to fill it. */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(KEPT_BYTES / 4);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(line: string): void {
    const room = this.#size + line.length * MAX_BYTES_PER_UNIT;
    if (room > this.#bytes.length) this.#grow(Math.max(room, 2 * this.#bytes.length));
    this.#size += this.#bytes.write(line, this.#size);
  }

  /** What was added since the last time, valid until the next `add`. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#size);
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(KEPT_BYTES / 4);
    this.#size = 0;
    return taken;
  }

  #grow(size: number): void {
    const bytes = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(bytes, 0, 0, this.#size);
    this.#bytes = bytes;
  }
}
