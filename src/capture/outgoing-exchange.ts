import type { Origin } from '../context/origin.ts';
import { currentWork } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { headerOf } from '../event/header-of.ts';
import type { OutgoingDraft } from '../event/request-event.ts';
import { type Context, trace } from '../vendor/opentelemetry.ts';
import type { AskResponseHook } from './exchange-hooks.ts';
import { headersByName } from './headers-by-name.ts';
import type { OutgoingRules } from './outgoing-rules.ts';
import { PassingBody } from './passing-body.ts';
import { secondsSince } from './seconds-since.ts';
import { spanOf } from './trace-parent.ts';

export interface OutgoingExchangeOptions {
  /** Who asked for it, and when. */
  readonly origin: Origin;
  /** Takes the exchange once it has ended. */
  readonly told: (exchange: OutgoingExchange, draft: OutgoingDraft, origin: Origin) => void;
  readonly rules: OutgoingRules;
  /** Undefined where the application has no hooks. */
  readonly askResponseHook: AskResponseHook | undefined;
  readonly now: () => number;
}

/** What a client knows of its exchange, beside what is the same for all clients. */
export type OutgoingFacts = Pick<
  OutgoingDraft,
  'protocol' | 'method' | 'url' | 'peer' | 'requestHeaders' | 'statusCode' | 'responseHeaders'
>;

/** One outgoing request and its response: of the work that asked for it, and told once, however it ends. */
export abstract class OutgoingExchange {
  protected readonly requestBody: PassingBody;
  protected readonly responseBody: PassingBody;
  readonly #options: OutgoingExchangeOptions;
  /** The span of who asked us, which an application may pass on. */
  readonly #callerId = currentWork()?.remoteSpan?.spanId;
  /** The name that the application gives to who is asked. */
  readonly #peer = currentWork()?.peer;
  readonly #startedAt = performance.now();
  #isTold = false;

  constructor(options: OutgoingExchangeOptions) {
    this.#options = options;
    this.requestBody = new PassingBody(options.rules.request.keptBytes);
    this.responseBody = new PassingBody(options.rules.response.keptBytes);
  }

  /** Asked once, when the exchange is told. */
  protected abstract facts(): OutgoingFacts;

  /** Nothing more will happen. */
  processEnded(): void {
    this.tell('The process ended before the response was complete');
  }

  /** Tells the exchange as it is now, unless it was told before. Never throws. */
  protected tell(error: string | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    guard('recording an outgoing request', () => {
      const { told, now } = this.#options;
      const seconds = secondsSince(this.#startedAt);
      const facts = this.facts();
      const origin = { ...this.#options.origin, time: now(), context: this.#spanContext(facts) };
      told(this, { ...this.#shown(facts), error, seconds }, origin);
    });
  }

  /**
   * Tracers of undici make a span that is active nowhere, and name it to the peer. It is ours if it belongs to the trace
   * that we are in, or if we are in none.
   */
  #spanContext({ requestHeaders }: OutgoingFacts): Context {
    const { context } = this.#options.origin;
    const sent = spanOf(headerOf(requestHeaders, 'traceparent'));
    if (!sent || sent.spanId === this.#callerId) return context;
    const active = trace.getSpanContext(context);
    return active && active.traceId !== sent.traceId ? context : trace.setSpanContext(context, sent);
  }

  /** What the options say of it. */
  #shown(facts: OutgoingFacts): Omit<OutgoingDraft, 'error' | 'seconds'> {
    const { rules, askResponseHook } = this.#options;
    const { statusCode, requestHeaders, responseHeaders } = facts;
    const { requestBody, responseBody } = this;
    requestBody.hidden ||= !rules.request.showsBody(requestHeaders);
    responseBody.hidden ||= !rules.response.showsBody(responseHeaders);
    return {
      ...facts,
      peer: this.#peer ?? rules.peerName?.(facts.url) ?? facts.peer,
      shownRequestHeaders: rules.request.shownHeaders(requestHeaders),
      requestBody,
      shownResponseHeaders: rules.response.shownHeaders(responseHeaders),
      responseBody,
      attributes: askResponseHook?.({ statusCode, headers: headersByName(responseHeaders) }),
    };
  }

  protected requestChunk(chunk: unknown, encoding?: unknown): void {
    if (!this.#isTold) guard('keeping a request body', () => this.requestBody.add(chunk, encoding));
  }

  protected responseChunk(chunk: unknown, encoding?: unknown): void {
    if (!this.#isTold) guard('keeping a response body', () => this.responseBody.add(chunk, encoding));
  }
}
