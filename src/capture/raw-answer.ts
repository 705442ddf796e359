import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { type ResponseHead, responseHead } from './response-head.ts';

/** A connection, as far as we count what passes through it. Not every stream that is used as one counts. */
export interface CountingSocket extends Partial<Pick<Socket, 'bytesRead' | 'bytesWritten' | 'errored'>> {
  /** The response that is being sent on it, if one is, and its head. */
  readonly _httpMessage?: (ServerResponse & { readonly _header?: string | null }) | null;
}

/** An answer that is written to a connection itself: its head is read, its body counted. */
export class RawAnswer {
  /** Undefined before it was whole, or if what was written is no HTTP, or the response to a request that came earlier. */
  head: ResponseHead | undefined;
  readonly #socket: CountingSocket;
  readonly #bytesBefore: number;
  #unread: Buffer = Buffer.alloc(0);
  #headBytes = 0;
  #isOfAnother = false;

  /** @param socket to which nothing of the answer has been written */
  constructor(socket: CountingSocket) {
    this.#socket = socket;
    this.#bytesBefore = socket.bytesWritten ?? 0;
  }

  /** Takes what is written. Returns whether the head needs no more. */
  written(bytes: Buffer): boolean {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    const { _httpMessage: response } = this.#socket;
    const { _header: headOfAnother } = response ?? {};
    while (!this.head) {
      const end = this.#unread.indexOf('\r\n\r\n');
      if (end < 0 && this.#unread.length < MAX_HEAD_BYTES) return false;
      const text = this.#unread.toString('latin1', 0, end + 4);
      this.#isOfAnother = text === headOfAnother;
      if (end < 0 || this.#isOfAnother || !text.startsWith('HTTP/1.')) break;
      this.#headBytes += text.length;
      this.#unread = this.#unread.subarray(text.length);
      if (!INFORMATIONAL.test(text)) this.head = responseHead(text);
    }
    this.#unread = Buffer.alloc(0);
    return true;
  }

  /** How many bytes have come after the head so far. */
  get bodySize(): number {
    return this.#isOfAnother ? 0 : (this.#socket.bytesWritten ?? 0) - this.#bytesBefore - this.#headBytes;
  }
}

/** Longer than any that a client reads. */
const MAX_HEAD_BYTES = 65_536;

/** Comes before the answer. The one that changes the protocol is the answer. */
const INFORMATIONAL = /^HTTP\/1\.\d 1(?!01)/;
