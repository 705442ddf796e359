import type { Socket } from 'node:net';

import { type ResponseHead, responseHead } from './response-head.ts';

/** A connection, as far as we count what passes through it. Not every stream that is used as one counts. */
export type CountingSocket = Partial<Pick<Socket, 'bytesRead' | 'bytesWritten' | 'errored'>>;

/** An answer that is written to a connection itself: its head is read, its body counted. */
export class RawAnswer {
  /** Undefined before it was whole, or if what was written is no HTTP. */
  head: ResponseHead | undefined;
  readonly #socket: CountingSocket;
  readonly #bytesBefore: number;
  #unread: Buffer = Buffer.alloc(0);
  #headBytes = 0;

  /** @param socket to which nothing of the answer has been written */
  constructor(socket: CountingSocket) {
    this.#socket = socket;
    this.#bytesBefore = socket.bytesWritten ?? 0;
  }

  /** Takes what is written. Returns whether the head needs no more. */
  written(bytes: Buffer): boolean {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    const end = this.#unread.indexOf('\r\n\r\n');
    if (end < 0 && this.#unread.length < MAX_HEAD_BYTES) return false;
    const text = this.#unread.toString('latin1', 0, end + 4);
    if (end >= 0 && text.startsWith('HTTP/1.')) {
      this.head = responseHead(text);
      this.#headBytes = text.length;
    }
    this.#unread = Buffer.alloc(0);
    return true;
  }

  /** How many bytes have come after the head so far. */
  get bodySize(): number {
    return (this.#socket.bytesWritten ?? 0) - this.#bytesBefore - this.#headBytes;
  }
}

/** Longer than any that a client reads. */
const MAX_HEAD_BYTES = 65_536;
