import type { ServerHttp2Stream } from 'node:http2';

import { type Origin, originOf } from '../context/origin.ts';
import type { Work } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { headerOf } from '../event/header-of.ts';
import type { IncomingDraft } from '../event/request-event.ts';
import { type Context, getRPCMetadata } from '../vendor/opentelemetry.ts';
import { afterPatience } from './after-patience.ts';
import type { AskResponseHook } from './exchange-hooks.ts';
import { errorText } from './error-text.ts';
import { expressRoute } from './express-route.ts';
import { grpcError } from './grpc-status.ts';
import { headersByName } from './headers-by-name.ts';
import { http2Headers } from './http2-headers.ts';
import type { Http2Request } from './http2-request.ts';
import { CANCEL, NO_ERROR, resetReason } from './http2-reset.ts';
import { type StreamWatcher, unwatchStream } from './http2-stream.ts';
import type { IncomingExchangeOptions } from './incoming-exchange-options.ts';
import type { IncomingRules } from './incoming-rules.ts';
import type { Refusable } from './obstructed.ts';
import { PassingBody } from './passing-body.ts';
import type { ResponseHead } from './response-head.ts';
import { secondsSince } from './seconds-since.ts';
import { spanContextOf } from './span-context.ts';
import { refusalText } from './unavailable.ts';

/** One stream of an HTTP/2 server, a pushed one too, from its headers to its close: told once, however it ends. */
export class Http2Exchange implements StreamWatcher, Refusable {
  readonly work: Work;
  readonly #request: Http2Request;
  readonly #stream: ServerHttp2Stream;
  readonly #told: IncomingExchangeOptions['told'];
  readonly #now: () => number;
  readonly #startedAt = performance.now();
  readonly #rules: IncomingRules;
  readonly #askResponseHook: AskResponseHook | undefined;
  readonly #protocol: IncomingDraft['protocol'];
  /** Kept from the start: hooks are given the request. */
  readonly #method: string;
  readonly #target: string;
  readonly #clientAddress: string | undefined;
  readonly #requestHeaders: readonly string[];
  readonly #requestBody: PassingBody;
  readonly #responseBody: PassingBody;
  /** A tunnel, or a WebSocket: what passes is counted, not kept. */
  readonly #isConnection: boolean;
  /** That of the request's span, once the application has answered under it. */
  #context: Context | undefined;
  #finished: { readonly at: number; readonly time: number } | undefined;
  #isClosedByItself = false;
  /** Why the application didn't get it. */
  #refusal: string | null = null;
  #giveUpPatience: (() => void) | undefined;
  #isTold = false;

  constructor(request: Http2Request, { told, work, rules, now }: IncomingExchangeOptions) {
    this.work = work;
    this.#request = request;
    this.#stream = request.stream;
    this.#told = told;
    this.#rules = rules;
    this.#now = now;
    this.#isConnection = request.method === 'CONNECT';
    this.#protocol = protocolOf(request);
    this.#method = request.method;
    this.#target = request.url;
    this.#clientAddress = rules.clientAddress(request.asMessage());
    this.#requestHeaders = http2Headers(request.headers, request.rawHeaders);
    this.#requestBody = new PassingBody(this.#isConnection ? undefined : rules.request.keptBytes);
    this.#responseBody = new PassingBody(this.#isConnection ? undefined : rules.response.keptBytes);
    this.#askResponseHook = rules.askHooks?.(request.asMessage());
    this.#takeBuffered();
  }

  received(chunk: unknown, encoding: unknown): void {
    // Node also ends the readable side of a stream that was broken off, once it is closed.
    if (chunk === null) this.#requestBody.complete ||= !this.#stream.closed && !this.#stream.destroyed;
    else guard('keeping a request body', () => this.#requestBody.add(chunk, encoding));
  }

  sent(chunk: unknown, encoding: unknown): void {
    guard('keeping a response body', () => {
      this.#responseBody.add(chunk, encoding);
      this.#context ??= spanContextOf(this.work);
    });
  }

  refused(reason: string): void {
    this.#refusal = refusalText(reason);
  }

  emitting({ 0: name }: ArrayLike<unknown>): void {
    if (name === 'finish') this.#finish();
    else if (name === 'close' && this.#stream.destroyed) this.#tell(this.#error());
  }

  /** The rest of the request is not waited for, or not for long: its client must not hold back the record. */
  #finish(): void {
    if (!this.#stream.writableFinished || this.#isConnection || this.#isFile()) return;
    this.#finished ??= { at: performance.now(), time: this.#now() };
    guard('finding a span', () => (this.#context ??= spanContextOf(this.work)));
    if (!this.#requestBody.complete) this.#giveUpPatience ??= afterPatience(() => this.#tell(this.#error()));
  }

  /**
   * What is closed before its connection was closed in order, or was reset without an error: Node leaves that until the end
   * of the connection or, since Node 26, has it destroyed at the end of the request. One that was read can't be told.
   */
  destroying(): void {
    const stream = this.#stream;
    this.#isClosedByItself =
      stream.closed && guard('watching a stream', () => isConnected(stream) && !isDestroyedAtEnd(stream)) === true;
  }

  /** Nothing more will happen. */
  processEnded(): void {
    if (this.#isConnection) this.#tell('The process ended before the connection was closed');
    else this.#tell(this.#isSent() ? null : 'The process ended before the response was sent');
  }

  /** What came in one packet with the headers is there already. */
  #takeBuffered(): void {
    const { _readableState: state } = this.#stream as unknown as { readonly _readableState: ReadableState };
    for (const chunk of state.buffer) this.#requestBody.add(chunk, undefined);
    this.#requestBody.complete = state.ended;
  }

  #error(): string | null {
    const { errored, headersSent } = this.#stream;
    if (this.#isConnection && headersSent) return errored ? `The connection broke off: ${errorText(errored)}` : null;
    return this.#isSent() ? null : `The stream was closed before the response was sent${resetReason(this.#stream)}`;
  }

  /**
   * A stream that has closed by itself was sent, though Node may not have told that yet. So was a response to a client that
   * goes away before it has sent all of its request, but for a file, of which Node doesn't tell when that is. Once the
   * request is complete, a stream whose response was sent is closed, and can't be reset.
   */
  #isSent(): boolean {
    const { headersSent, writableFinished, aborted, closed, rstCode } = this.#stream;
    if (!headersSent || aborted) return false;
    const isUpload = !this.#requestBody.complete;
    if (writableFinished && !this.#isFile()) return rstCode === NO_ERROR || (rstCode === CANCEL && isUpload);
    return closed && rstCode === NO_ERROR && this.#isClosedByItself;
  }

  /** Node takes the method off a stream into which it copies a file itself, past all that can be seen. */
  #isFile(): boolean {
    const { _final: final } = this.#stream as { readonly _final?: unknown };
    return final === null;
  }

  #tell(error: string | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#giveUpPatience?.();
    unwatchStream(this.#stream);
    guard('recording a request', () => this.#told(this, this.#draft(error), this.#origin()));
  }

  #draft(error: string | null): IncomingDraft {
    const { compatible } = this.#request;
    const { statusCode, headers } = headOf(this.#stream);
    const { request: requestRules, response: responseRules } = this.#rules;
    this.#requestBody.hidden = this.#isConnection || !requestRules.showsBody(this.#requestHeaders);
    this.#responseBody.hidden = this.#isConnection || !responseRules.showsBody(headers);
    this.#responseBody.complete = error === null;
    if (this.#isFile()) this.#bodyWasUnseen(headers, error);
    return {
      protocol: this.#protocol,
      method: this.#method,
      target: this.#target,
      requestHeaders: this.#requestHeaders,
      shownRequestHeaders: requestRules.shownHeaders(this.#requestHeaders),
      requestBody: this.#requestBody,
      statusCode,
      responseHeaders: headers,
      shownResponseHeaders: responseRules.shownHeaders(headers),
      responseBody: this.#responseBody,
      route: guard('finding the route of a request', () => compatible && expressRoute(compatible)) ?? this.#spanRoute(),
      clientAddress: this.#clientAddress,
      error: error ?? this.#refusal ?? grpcError(headers, http2Headers(this.#stream.sentTrailers ?? {})),
      attributes: this.#askResponseHook?.({ statusCode, headers: headersByName(headers) }, compatible),
      seconds: secondsSince(this.#startedAt, this.#finished?.at),
    };
  }

  #bodyWasUnseen(headers: readonly string[], error: string | null): void {
    this.#responseBody.complete = false;
    if (error === null) this.#responseBody.size = Number(headerOf(headers, 'content-length')) || 0;
  }

  #spanRoute(): string | undefined {
    return this.#context && getRPCMetadata(this.#context)?.route;
  }

  #origin(): Origin {
    return originOf(this.work, this.#finished?.time ?? this.#now(), this.#context);
  }
}

function isConnected({ session }: ServerHttp2Stream): boolean {
  return session?.destroyed === false && !session.socket.destroyed;
}

function isDestroyedAtEnd(stream: ServerHttp2Stream): boolean {
  const { destroy } = stream as { readonly destroy: unknown };
  return stream.listeners('end').some((listener) => listener === destroy);
}

interface ReadableState {
  readonly buffer: Iterable<unknown>;
  /** Whether the end has come, read or not. */
  readonly ended: boolean;
}

function protocolOf({ stream, headers }: Http2Request): IncomingDraft['protocol'] {
  const isEncrypted = stream.session?.encrypted === true;
  if (headers[':protocol'] === 'websocket') return isEncrypted ? 'wss' : 'ws';
  return isEncrypted ? 'https' : 'http';
}

/** Of a pushed stream that was not answered, Node has the headers of its request there. */
function headOf({ headersSent, sentHeaders }: ServerHttp2Stream): ResponseHead {
  if (!headersSent || !sentHeaders) return { statusCode: undefined, headers: [] };
  return { statusCode: Number(sentHeaders[':status']), headers: http2Headers(sentHeaders) };
}
