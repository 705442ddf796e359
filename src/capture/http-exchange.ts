import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { ANONYMOUS } from '../context/actor.ts';
import { type Origin, spanOrCaller } from '../context/origin.ts';
import { type Work, currentWork } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { recordId } from '../event/record-id.ts';
import type { IncomingDraft } from '../event/request-event.ts';
import {
  type Context,
  ROOT_CONTEXT,
  context,
  getRPCMetadata,
  isSpanContextValid,
  parseTraceParent,
  trace,
} from '../vendor/opentelemetry.ts';
import { type UserOf, actorFinder } from './actor-finder.ts';
import { headersIn } from './headers-in.ts';
import { type HttpWatcher, unwatch } from './http-patch.ts';
import { PassingBody } from './passing-body.ts';

/** Takes a finished exchange. */
export type Told = (draft: IncomingDraft, origin: Origin) => void;

/** One incoming request and its response, from the first header to the close: told once, however it ends. */
export class HttpExchange implements HttpWatcher {
  readonly work: Work;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #told: Told;
  readonly #now: () => number;
  readonly #startedAt = performance.now();
  readonly #socket: Socket;
  /** Kept from the start: applications rewrite `url`, `method` and `headers`, and a closed socket has no address. */
  readonly #method: string;
  readonly #target: string;
  readonly #clientAddress: string | undefined;
  readonly #protocol: 'http' | 'https';
  /** Undefined where the request has no body, or one in chunks. */
  readonly #contentLength: number | undefined;
  readonly #requestBody: PassingBody;
  readonly #responseBody: PassingBody;
  /** That of the request's span, once the application has answered under it. */
  #context: Context | undefined;
  /** How and when the response was closed. */
  #closed: Closed | undefined;
  #isTold = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    {
      told,
      userOf,
      maxBodyBytes,
      now,
    }: { told: Told; userOf: UserOf | undefined; maxBodyBytes: number; now: () => number },
  ) {
    this.#request = request;
    this.#response = response;
    this.#told = told;
    this.#now = now;
    this.#socket = request.socket;
    this.#method = request.method ?? '';
    this.#target = request.url ?? '';
    this.#clientAddress = this.#socket.remoteAddress?.replace(IPV4_MAPPED, '');
    this.#protocol = (this.#socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
    this.#contentLength = lengthOf(request.headers['content-length']);
    this.#requestBody = new PassingBody(maxBodyBytes);
    this.#responseBody = new PassingBody(maxBodyBytes);
    this.work = workOf(request, userOf, now);
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
      this.#context ??= this.#spanContext();
    });
  }

  /**
   * Where the application answered before it got all of the request, the rest of that is waited for, but not for long:
   * a client that holds it back must not hold back the record, and one that goes away now is not heard of again.
   */
  senderClosed(): void {
    const error = this.#response.writableFinished ? null : 'The connection was closed before the response was sent';
    const { bytesRead } = this.#socket;
    this.#closed = { error, at: performance.now(), time: this.#now(), bytesRead };
    if (this.#request.complete || this.#request.destroyed) this.tell(error);
    else later(() => this.tell(error), PATIENCE_MS).unref();
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
    unwatch(this.#request);
    unwatch(this.#response);
    guard('recording a request', () => this.#told(this.#draft(error), this.#origin()));
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

  /** The active context, if a span is active in it and it is not that of another request, which ends our response. */
  #spanContext(): Context | undefined {
    const active = context.active();
    const isOurs = trace.getSpanContext(active) && currentWork()?.requestId === this.work.requestId;
    return isOurs ? active : undefined;
  }

  #draft(error: string | null): IncomingDraft {
    const request = this.#request;
    const { statusCode, headers } = headOf(this.#response);
    this.#responseBody.complete = error === null;
    return {
      protocol: this.#protocol,
      method: this.#method,
      target: this.#target,
      requestHeaders: request.rawHeaders,
      requestBody: this.#requestBody,
      statusCode,
      responseHeaders: headers,
      responseBody: hasBody(this.#method, statusCode) ? this.#responseBody : new PassingBody(0),
      route: guard('finding the route of a request', () => expressRoute(request)) ?? this.#spanRoute(),
      clientAddress: this.#clientAddress,
      error,
      seconds: Math.round(((this.#closed?.at ?? performance.now()) - this.#startedAt) * 1000) / 1e6,
    };
  }

  #spanRoute(): string | undefined {
    return this.#context && getRPCMetadata(this.#context)?.route;
  }

  #origin(): Origin {
    const { work } = this;
    return {
      time: this.#closed?.time ?? this.#now(),
      actor: work.actor ?? work.findActor?.() ?? ANONYMOUS,
      requestId: work.requestId,
      context: spanOrCaller(this.#context ?? ROOT_CONTEXT, work),
    };
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

const PATIENCE_MS = 500;

/** The application's tests may replace the timers; this is the true one. */
const later = setTimeout;

/** The bytes of the chunk that ends a body, with the end of the chunk before it. */
const LAST_CHUNK = '\r\n0\r\n\r\n'.length;

/** How a server that listens on IPv6 sees an IPv4 client. */
const IPV4_MAPPED = /^::ffff:(?=[\d.]+$)/;

function lengthOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header);
}

/** An id that another system may have made: kept if it can't do harm in a log, a header or a query. */
const SANE_ID = /^[\w.:@/+=~-]{1,128}$/;

function workOf(request: IncomingMessage, userOf: UserOf | undefined, now: () => number): Work {
  const remoteSpan = parentSpan(request.headers['traceparent']);
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && SANE_ID.test(given) ? given : (remoteSpan?.traceId ?? recordId(now()));
  return { requestId, ...(remoteSpan && { remoteSpan }), findActor: actorFinder(request, userOf) };
}

function parentSpan(traceparent: string | string[] | undefined): Work['remoteSpan'] {
  if (typeof traceparent !== 'string') return undefined;
  const span = parseTraceParent(traceparent);
  return span && isSpanContextValid(span) ? { ...span, isRemote: true } : undefined;
}

/** What was sent of a response before its body; the headers are name, value, name, value …. */
interface Head {
  readonly statusCode: number | undefined;
  readonly headers: readonly string[];
}

const NOT_SENT: Head = { statusCode: undefined, headers: [] };

/**
 * The head of a response as it was sent. Node keeps the text, which also has what was given to `writeHead` alone, and
 * has not what was set too late. One that waits for its turn on the connection has a text, but was not sent.
 */
function headOf(response: ServerResponse): Head {
  const { _header: sent } = response as unknown as { readonly _header?: string | null };
  if (!sent || !(response.socket || response.writableFinished)) return NOT_SENT;
  return { statusCode: Number(sent.slice(STATUS_AT, STATUS_AT + 3)), headers: headersIn(sent) };
}

const STATUS_AT = 'HTTP/1.1 '.length;

/** Whether a response has a body on the wire, whatever was written to it (RFC 9110, section 6.4.1). */
function hasBody(method: string, statusCode: number | undefined): boolean {
  return method !== 'HEAD' && statusCode !== undefined && statusCode >= 200 && statusCode !== 204 && statusCode !== 304;
}

/** The route that Express matched, with the path of the router that it stands in. */
function expressRoute(request: IncomingMessage): string | undefined {
  const { route, baseUrl } = request as { route?: { path?: unknown }; baseUrl?: unknown };
  if (typeof route?.path !== 'string') return undefined;
  return typeof baseUrl === 'string' ? baseUrl + route.path : route.path;
}
