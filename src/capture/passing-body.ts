import { type Body, LOOK_AHEAD } from '../event/body.ts';

/** A body while it passes: counts its bytes and keeps the first of them. */
export class PassingBody implements Body {
  size = 0;
  complete = true;
  readonly #limit: number;
  #kept = 0;
  readonly #chunks: (Buffer | string)[] = [];
  readonly #encodings: (BufferEncoding | undefined)[] = [];

  /** @param limit how many bytes the record may show */
  constructor(limit: number) {
    this.#limit = limit + LOOK_AHEAD;
  }

  /** Takes a chunk as `write(chunk, encoding)` or `push(chunk, encoding)` got it; anything else is no body. */
  add(chunk: unknown, encoding: unknown): void {
    if (typeof chunk === 'string')
      this.#addText(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
    else if (chunk instanceof Uint8Array) this.#addBytes(chunk);
  }

  readonly bytes = (): Buffer => {
    const buffers = this.#chunks.map((chunk, i) =>
      typeof chunk === 'string' ? Buffer.from(chunk, this.#encodings[i]) : chunk,
    );
    const all = buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers);
    return all.length > this.#limit ? all.subarray(0, this.#limit) : all;
  };

  /** A text can't change under us, so it is kept as it is; a part of a long one is copied, not to keep all of it. */
  #addText(text: string, encoding: BufferEncoding): void {
    const size = Buffer.byteLength(text, encoding);
    this.size += size;
    const room = this.#limit - this.#kept;
    if (room <= 0) return;
    if (size <= room) this.#keep(text, encoding, size);
    else this.#keep(Buffer.from(text.slice(0, room), encoding).subarray(0, room), undefined, room);
  }

  /** Bytes are copied: the application or the parser may use their memory again. */
  #addBytes(bytes: Uint8Array): void {
    this.size += bytes.byteLength;
    const room = this.#limit - this.#kept;
    if (room <= 0) return;
    const part = bytes.byteLength > room ? bytes.subarray(0, room) : bytes;
    this.#keep(Buffer.from(part), undefined, part.byteLength);
  }

  #keep(chunk: Buffer | string, encoding: BufferEncoding | undefined, size: number): void {
    this.#chunks.push(chunk);
    this.#encodings.push(encoding);
    this.#kept += size;
  }
}
