/** What stays allocated between two fillings. */
const KEPT_BYTES = 256 * 1024;
const FIRST_BYTES = 64 * 1024;
/** UTF-8 takes at most as many for a UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Gathers lines as bytes, in memory that is used again and again: a new buffer for each batch costs as much as to fill it. */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(line: string): void {
    if (this.#size + line.length * MAX_BYTES_PER_UNIT > this.#bytes.length) this.#makeRoom(Buffer.byteLength(line));
    this.#size += this.#bytes.write(line, this.#size);
  }

  /** What was added since the last time, valid until the next `add`. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#size);
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#size = 0;
    return taken;
  }

  #makeRoom(size: number): void {
    if (this.#size + size <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.#size + size, 2 * this.#bytes.length));
    this.#bytes.copy(bytes, 0, 0, this.#size);
    this.#bytes = bytes;
  }
}
