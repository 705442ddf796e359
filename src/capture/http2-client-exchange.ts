import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';

import { guard } from '../event/guard.ts';
import { headerOf } from '../event/header-of.ts';
import { bareHost } from './bare-host.ts';
import { grpcError, isGrpc } from './grpc-status.ts';
import { http2Headers } from './http2-headers.ts';
import { resetReason } from './http2-reset.ts';
import { type StreamWatcher, unwatchStream } from './http2-stream.ts';
import { http2Authority, http2Url } from './http2-url.ts';
import { outgoingError } from './outgoing-error.ts';
import { OutgoingExchange, type OutgoingExchangeOptions, type OutgoingFacts } from './outgoing-exchange.ts';

/** One exchange of Node's HTTP/2 client. */
export class Http2ClientExchange extends OutgoingExchange implements StreamWatcher {
  readonly #stream: ClientHttp2Stream;
  readonly #headers: OutgoingHttpHeaders;
  readonly #url: string;
  readonly #isConnection: boolean;
  #response: { readonly statusCode: number | undefined; readonly headers: readonly string[] } | undefined;
  /** Undefined until they have come. */
  #trailers: readonly string[] | undefined;

  constructor(stream: ClientHttp2Stream, session: ClientHttp2Session, options: OutgoingExchangeOptions) {
    super(options);
    this.#stream = stream;
    this.#headers = stream.sentHeaders;
    this.#isConnection = this.#headers[':method'] === 'CONNECT';
    this.#url = http2Url(this.#headers, session);
  }

  sent(chunk: unknown, encoding: unknown): void {
    this.requestChunk(chunk, encoding);
  }

  received(chunk: unknown, encoding: unknown): void {
    if (chunk !== null) return this.responseChunk(chunk, encoding);
    // Node also ends the readable side of a stream that was broken off, once it is closed.
    this.responseBody.complete ||= !this.#stream.closed && !this.#stream.destroyed;
    this.#endIfComplete();
  }

  destroying(): void {
    // It is closed next.
  }

  emitting({ 0: name, 1: headers, 3: raw }: ArrayLike<unknown>): void {
    if (name === 'response' && headers && raw)
      guard('watching a response', () => this.#responded(headers as Head, raw as string[]));
    else if (name === 'trailers' && headers && raw)
      guard('watching trailers', () => this.#trailed(headers as Head, raw as string[]));
    else if (name === 'finish') this.#endIfComplete();
    else if (name === 'close' && this.#stream.destroyed) this.#end(this.#error());
  }

  #responded(headers: Head, raw: readonly string[]): void {
    this.#response = { statusCode: headers[':status'], headers: http2Headers(headers, raw) };
    this.#endIfComplete();
  }

  #trailed(headers: Head, raw: readonly string[]): void {
    this.#trailers = http2Headers(headers, raw);
    this.#endIfComplete();
  }

  /**
   * The end of a response without a body is there before its headers are told, and that of one with trailers before those
   * are; nobody may ever read one with a body.
   */
  #endIfComplete(): void {
    const response = this.#response;
    if (!response || !this.responseBody.complete || !this.#stream.writableEnded) return;
    if (isGrpc(response.headers) && !this.#trailers && headerOf(response.headers, 'grpc-status') === '') return;
    this.#end(null);
  }

  #error(): string | null {
    const { errored } = this.#stream;
    if (errored) return outgoingError(errored);
    if (this.#response && (this.responseBody.complete || this.#isConnection)) return null;
    return `The response was not received to its end${resetReason(this.#stream)}`;
  }

  #end(error: string | null): void {
    this.tell(error ?? grpcError(this.#response?.headers ?? [], this.#trailers ?? []));
    unwatchStream(this.#stream);
  }

  protected facts(): OutgoingFacts {
    const headers = this.#headers;
    // Node also ends the writable side of a stream that was broken off.
    this.requestBody.complete = this.#stream.writableFinished && !this.#stream.aborted;
    this.requestBody.hidden = this.#isConnection;
    this.responseBody.hidden = this.#isConnection;
    return {
      protocol: this.#url.startsWith('https:') ? 'https' : 'http',
      method: String(headers[':method']),
      url: this.#url,
      peer: bareHost(http2Authority(headers).replace(/:\d+$/, '')),
      requestHeaders: http2Headers(headers),
      statusCode: this.#response?.statusCode,
      responseHeaders: this.#response?.headers ?? [],
    };
  }
}

type Head = IncomingHttpHeaders & { readonly ':status'?: number };
