import { type Body, LOOK_AHEAD } from '../event/body.ts';

/** How many chunks are kept before they become one: a body that comes byte by byte takes no more room than another. */
const MAX_CHUNKS = 64;

/** A body while it passes: counts its bytes and keeps the first of them. */
export class PassingBody implements Body {
  size = 0;
  complete = false;
  hidden = false;
  readonly #limit: number;
  #kept = 0;
  #chunks: (Buffer | string)[] = [];
  #encodings: (BufferEncoding | undefined)[] = [];

  /** @param limit how many bytes the record may show; without one, none are kept */
  constructor(limit?: number) {
    this.#limit = limit === undefined ? 0 : limit + LOOK_AHEAD;
  }

  /** Takes a chunk as `write(chunk, encoding)` or `push(chunk, encoding)` got it; anything else is no body. */
  add(chunk: unknown, encoding: unknown): void {
    if (typeof chunk === 'string') this.#addText(chunk, encodingOf(encoding));
    else if (ArrayBuffer.isView(chunk)) this.#addBytes(chunk);
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
  #addBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.size += byteLength;
    const room = this.#limit - this.#kept;
    if (room <= 0) return;
    const part = Math.min(byteLength, room);
    this.#keep(Buffer.from(new Uint8Array(buffer, byteOffset, part)), undefined, part);
  }

  #keep(chunk: Buffer | string, encoding: BufferEncoding | undefined, size: number): void {
    if (this.#chunks.length === MAX_CHUNKS) {
      this.#chunks = [this.bytes()];
      this.#encodings = [undefined];
    }
    this.#chunks.push(chunk);
    this.#encodings.push(encoding);
    this.#kept += size;
  }
}

/** What isn't an encoding is a callback, or nothing: a chunk that Node has taken is UTF-8 then. */
function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}
