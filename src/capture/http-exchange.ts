import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { type Origin, originOf } from '../context/origin.ts';
import type { Work } from '../context/work.ts';
import type { Body } from '../event/body.ts';
import { guard } from '../event/guard.ts';
import type { IncomingDraft } from '../event/request-event.ts';
import { type Context, getRPCMetadata, trace } from '../vendor/opentelemetry.ts';
import { afterPatience } from './after-patience.ts';
import { countedBody } from './counted-body.ts';
import type { AskResponseHook } from './exchange-hooks.ts';
import { expressRoute } from './express-route.ts';
import { headersByName } from './headers-by-name.ts';
import { type HttpWatcher, unwatch } from './http-patch.ts';
import type { IncomingExchangeOptions } from './incoming-exchange-options.ts';
import type { IncomingRules } from './incoming-rules.ts';
import type { Refusable } from './obstructed.ts';
import { PassingBody } from './passing-body.ts';
import { RawAnswer } from './raw-answer.ts';
import { type ResponseHead, responseHead } from './response-head.ts';
import { secondsSince } from './seconds-since.ts';
import { spanContextOf } from './span-context.ts';
import { refusalText } from './unavailable.ts';
import { type AnswerWatcher, watchAnswer } from './watched-socket.ts';

/** One incoming request and its response, from the first header to the close: told once, however it ends. */
export class HttpExchange implements HttpWatcher, AnswerWatcher, Refusable {
  readonly work: Work;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #told: IncomingExchangeOptions['told'];
  readonly #now: () => number;
  readonly #startedAt = performance.now();
  readonly #socket: Socket;
  /** Kept from the start: applications rewrite `url`, `method` and `headers`, and a closed socket has no address. */
  readonly #method: string;
  readonly #target: string;
  readonly #clientAddress: string | undefined;
  readonly #protocol: 'http' | 'https';
  readonly #rules: IncomingRules;
  readonly #askResponseHook: AskResponseHook | undefined;
  /** Undefined where the request has no body, or one in chunks. */
  readonly #contentLength: number | undefined;
  readonly #requestBody: PassingBody;
  readonly #responseBody: PassingBody;
  /** That of the request's span, once a tracer or the application has done something under it. */
  #context: Context | undefined;
  /** Why the rest of the request can't be read, and what was answered to that. */
  #broken: { readonly error: string; readonly answer?: RawAnswer } | undefined;
  /** How and when the response was closed. */
  #closed: Closed | undefined;
  /** Why the application didn't get it. */
  #refusal: string | null = null;
  #giveUpPatience: (() => void) | undefined;
  #isTold = false;

  constructor(request: IncomingMessage, response: ServerResponse, { told, work, rules, now }: IncomingExchangeOptions) {
    this.#request = request;
    this.#response = response;
    this.#told = told;
    this.#rules = rules;
    this.#now = now;
    this.#socket = request.socket;
    this.#method = request.method ?? '';
    this.#target = request.url ?? '';
    this.#clientAddress = rules.clientAddress(request);
    this.#protocol = (this.#socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
    this.#contentLength = lengthOf(request.headers['content-length']);
    this.#requestBody = new PassingBody(rules.request.keptBytes);
    this.#responseBody = new PassingBody(rules.response.keptBytes);
    this.work = work;
    this.#askResponseHook = rules.askHooks?.(request);
  }

  received(chunk: unknown, encoding: unknown): void {
    if (chunk === null) this.#requestEnded();
    else guard('keeping a request body', () => this.#requestBody.add(chunk, encoding));
  }

  /** A response that waits behind another one on its connection is never closed, so its request has to tell. */
  receiverDestroyed(): void {
    if (this.#closed) this.tell(this.#closed.error);
    else if (!this.#response.socket && this.#socket.destroyed) this.senderClosed();
  }

  sent(chunk: unknown, encoding: unknown): void {
    guard('keeping a response body', () => {
      this.#responseBody.add(chunk, encoding);
      this.#context ??= spanContextOf(this.work);
    });
  }

  /** A tracer does this inside the request's span, to end it then: before all spans in it, and if no answer ever comes. */
  closeAwaited(): void {
    guard('finding the span of a request', () => {
      const found = spanContextOf(this.work);
      if (found && trace.getSpanContext(found)?.isRemote !== true) this.#context ??= found;
    });
  }

  /**
   * The rest of the request can't be read. If no head of the response was sent, Node or the application answers on the
   * connection itself, which is closed then.
   */
  requestBroke(error: string): void {
    if (this.#broken || this.#closed || this.#isTold) return;
    if (isHeadSent(this.#response)) {
      this.#broken = { error };
    } else {
      this.#broken = { error, answer: new RawAnswer(this.#socket) };
      watchAnswer(this.#socket, this);
    }
  }

  refused(reason: string): void {
    this.#refusal = refusalText(reason);
  }

  answering(bytes: Buffer): boolean {
    return this.#broken?.answer?.written(bytes) ?? true;
  }

  /**
   * Where the application answered before it got all of the request, the rest of that is waited for, but not for long:
   * a client that holds it back must not hold back the record, and one that goes away now is not heard of again.
   */
  senderClosed(): void {
    const reason = this.#broken?.error ?? 'The connection was closed before the response was sent';
    const error = this.#response.writableFinished ? null : reason;
    const { bytesRead } = this.#socket;
    this.#closed = { error, at: performance.now(), time: this.#now(), bytesRead };
    if (this.#request.complete || this.#request.destroyed) this.tell(error);
    else this.#giveUpPatience = afterPatience(() => this.tell(error));
  }

  /** Nothing more will happen. */
  processEnded(): void {
    if (this.#closed) this.tell(this.#closed.error);
    else this.tell(this.#response.writableFinished ? null : 'The process ended before the response was sent');
  }

  /** Tells the exchange as it is now, unless it was told before. Never throws. */
  tell(error: string | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#giveUpPatience?.();
    unwatch(this.#request);
    unwatch(this.#response);
    guard('recording a request', () => this.#told(this, this.#draft(error), this.#origin()));
    this.work.requestEnded?.();
  }

  /**
   * What comes after the answer, Node throws away before we see it. The `Content-Length` tells how much that was; of
   * chunks, it shows whether more than the last, empty one came.
   */
  #requestEnded(): void {
    const body = this.#requestBody;
    const length = this.#contentLength;
    const lateBytes = this.#closed ? this.#socket.bytesRead - this.#closed.bytesRead : 0;
    body.complete = length === undefined ? lateBytes <= LAST_CHUNK : length === body.size;
    body.size = length ?? body.size;
    if (this.#closed) this.tell(this.#closed.error);
  }

  #draft(error: string | null): IncomingDraft {
    const request = this.#request;
    const { statusCode, headers } = this.#broken?.answer?.head ?? headOf(this.#response);
    const { request: requestRules, response: responseRules } = this.#rules;
    this.#requestBody.hidden = !requestRules.showsBody(request.rawHeaders);
    this.#responseBody.hidden = !responseRules.showsBody(headers);
    this.#responseBody.complete = error === null;
    return {
      protocol: this.#protocol,
      method: this.#method,
      target: this.#target,
      requestHeaders: request.rawHeaders,
      shownRequestHeaders: requestRules.shownHeaders(request.rawHeaders),
      requestBody: this.#requestBody,
      statusCode,
      responseHeaders: headers,
      shownResponseHeaders: responseRules.shownHeaders(headers),
      responseBody: hasBody(this.#method, statusCode) ? this.#answeredBody() : countedBody(0),
      route: guard('finding the route of a request', () => expressRoute(request)) ?? this.#spanRoute(),
      clientAddress: this.#clientAddress,
      error: error ?? this.#refusal,
      attributes: this.#askResponseHook?.({ statusCode, headers: headersByName(headers) }),
      seconds: secondsSince(this.#startedAt, this.#closed?.at),
    };
  }

  #answeredBody(): Body {
    const answer = this.#broken?.answer;
    return answer?.head && this.#responseBody.size === 0 ? countedBody(answer.bodySize) : this.#responseBody;
  }

  #spanRoute(): string | undefined {
    return this.#context && getRPCMetadata(this.#context)?.route;
  }

  #origin(): Origin {
    return originOf(this.work, this.#closed?.time ?? this.#now(), this.#context);
  }
}

interface Closed {
  readonly error: string | null;
  /** Milliseconds, on the clock that measures durations. */
  readonly at: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** From the connection. */
  readonly bytesRead: number;
}

/** The bytes of the chunk that ends a body, with the end of the chunk before it. */
const LAST_CHUNK = '\r\n0\r\n\r\n'.length;

function lengthOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header);
}

/**
 * The head of a response as it was sent. Node keeps the text, which also has what was given to `writeHead` alone, and
 * has not what was set too late. One that waits for its turn on the connection has a text, but was not sent.
 */
function headOf(response: ServerResponse): ResponseHead {
  const { _header: sent } = response as unknown as { readonly _header?: string | null };
  return sent && (response.socket || response.writableFinished) ? responseHead(sent) : NOT_SENT;
}

/** Not so of one that was only given to `writeHead`, or waits for its turn on the connection. */
function isHeadSent(response: ServerResponse): boolean {
  const { _headerSent: isSent } = response as unknown as { readonly _headerSent?: boolean };
  return isSent === true && response.socket !== null;
}

const NOT_SENT: ResponseHead = { statusCode: undefined, headers: [] };

/** Whether a response has a body on the wire, whatever was written to it (RFC 9110, section 6.4.1). */
function hasBody(method: string, statusCode: number | undefined): boolean {
  return method !== 'HEAD' && statusCode !== undefined && statusCode >= 200 && statusCode !== 204 && statusCode !== 304;
}
