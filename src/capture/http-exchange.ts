import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

import { ANONYMOUS } from '../context/actor.ts';
import { type Origin, spanOrCaller } from '../context/origin.ts';
import type { Work } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { recordId } from '../event/record-id.ts';
import type { IncomingDraft } from '../event/request-event.ts';
import {
  type Context,
  context,
  getRPCMetadata,
  isSpanContextValid,
  parseTraceParent,
} from '../vendor/opentelemetry.ts';
import { type UserOf, actorFinder } from './actor-finder.ts';
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
  /** Kept from the start: routers rewrite `request.url`, and a closed socket has no address. */
  readonly #target: string;
  readonly #clientAddress: string | undefined;
  readonly #protocol: 'http' | 'https';
  readonly #requestBody: PassingBody;
  readonly #responseBody: PassingBody;
  #context: Context | undefined;
  /** How and when the response was closed. */
  #closed: { readonly error: string | null; readonly at: number; readonly time: number } | undefined;
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
    this.#target = request.url ?? '';
    this.#clientAddress = request.socket.remoteAddress?.replace(IPV4_MAPPED, '');
    this.#protocol = (request.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
    this.#requestBody = new PassingBody(maxBodyBytes);
    this.#responseBody = new PassingBody(maxBodyBytes);
    this.work = workOf(request, userOf, now);
  }

  requestChunk(chunk: unknown, encoding: unknown): void {
    guard('keeping a request body', () => this.#requestBody.add(chunk, encoding));
    if (chunk === null && this.#closed) this.tell(this.#closed.error);
  }

  responseChunk(chunk: unknown, encoding: unknown): void {
    guard('keeping a response body', () => this.#responseBody.add(chunk, encoding));
  }

  /** The application is still at work here, so its span is active, which it isn't when the connection closes. */
  responseEnding(): void {
    this.#context = context.active();
  }

  /** Where the application answered before it got all of the request, the rest of that is waited for. */
  responseClosed(): void {
    const error = this.#response.writableFinished ? null : 'The connection was closed before the response was sent';
    this.#closed = { error, at: performance.now(), time: this.#now() };
    if (this.#request.complete || this.#request.destroyed) this.tell(error);
  }

  /** A response that waits behind another one on its connection is never closed, so its request has to tell. */
  requestDestroyed(): void {
    if (this.#closed) this.tell(this.#closed.error);
    else if (this.#request.readableAborted && !this.#response.socket) this.responseClosed();
  }

  /** Tells the exchange as it is now, unless it was told before. Never throws. */
  tell(error: string | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    unwatch(this.#request, this.#response);
    guard('recording a request', () => this.#told(this.#draft(error), this.#origin()));
  }

  #draft(error: string | null): IncomingDraft {
    const request = this.#request;
    const response = this.#response;
    const statusCode = response.headersSent ? response.statusCode : undefined;
    this.#requestBody.complete = request.complete;
    this.#responseBody.complete = error === null;
    return {
      protocol: this.#protocol,
      method: request.method ?? '',
      target: this.#target,
      requestHeaders: request.rawHeaders,
      requestBody: this.#requestBody,
      statusCode,
      responseHeaders: sentHeaders(response),
      responseBody: hasBody(request.method, statusCode) ? this.#responseBody : new PassingBody(0),
      route: expressRoute(request) ?? (this.#context && getRPCMetadata(this.#context)?.route),
      clientAddress: this.#clientAddress,
      error,
      seconds: Math.round(((this.#closed?.at ?? performance.now()) - this.#startedAt) * 1000) / 1e6,
    };
  }

  #origin(): Origin {
    const { work } = this;
    return {
      time: this.#closed?.time ?? this.#now(),
      actor: work.actor ?? work.findActor?.() ?? ANONYMOUS,
      requestId: work.requestId,
      context: spanOrCaller(this.#context ?? context.active(), work),
    };
  }
}

/** How a server that listens on IPv6 sees an IPv4 client. */
const IPV4_MAPPED = /^::ffff:(?=[\d.]+$)/;

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

/**
 * The response's headers as they were sent: name, value, name, value …. Node keeps the text that it sent, which also
 * has what was given to `writeHead` alone.
 */
function sentHeaders(response: ServerResponse): string[] {
  const { _header: sent } = response as unknown as { _header?: string | null };
  if (!response.headersSent || !sent) return [];
  const headers: string[] = [];
  for (const line of sent.split('\r\n').slice(1)) {
    const colon = line.indexOf(': ');
    if (colon > 0) headers.push(line.slice(0, colon), line.slice(colon + 2));
  }
  return headers;
}

/** Whether a response has a body on the wire, whatever was written to it (RFC 9110, section 6.4.1). */
function hasBody(method: string | undefined, statusCode: number | undefined): boolean {
  return method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
}

/** The route that Express matched, with the path of the router that it stands in. */
function expressRoute(request: IncomingMessage): string | undefined {
  const { route, baseUrl } = request as { route?: { path?: unknown }; baseUrl?: unknown };
  if (typeof route?.path !== 'string') return undefined;
  return typeof baseUrl === 'string' ? baseUrl + route.path : route.path;
}
