import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { type Origin, currentOrigin } from '../context/origin.ts';
import { runInWork } from '../context/work.ts';
import { emit } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { type OutgoingDraft, outgoingEvent } from '../event/request-event.ts';
import { context, isTracingSuppressed } from '../vendor/opentelemetry.ts';
import type { Asker } from './asker.ts';
import { InFlight } from './in-flight.ts';
import { Instrumentation } from './instrumentation.ts';
import type { OutgoingExchange, OutgoingExchangeOptions } from './outgoing-exchange.ts';
import type { OutgoingOptions } from './outgoing-options.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { type OutgoingRules, outgoingRules } from './outgoing-rules.ts';

export interface OutgoingInstrumentationConfig extends OutgoingOptions {
  /** @default true */
  readonly enabled?: boolean;
  readonly redactor: Redactor;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** A request that is about to be made. */
export interface Draft {
  readonly facts: OutgoingRequest;
  readonly addHeader: (name: string, value: string) => void;
}

/** What the instrumentations of HTTP clients share: a channel that tells of each request, and the way to its record. */
export abstract class OutgoingInstrumentation<Request> extends Instrumentation<OutgoingInstrumentationConfig> {
  readonly #inFlight = new InFlight();
  readonly #subscriptions: readonly (readonly [channel: string, onMessage: (message: unknown) => void])[];
  #rules: OutgoingRules;
  #isEnabled = false;

  /**
   * @param channel tells of a request while it is being created, in the work that asks for it
   * @param draftChannel tells of it before that, where it is too late then to add a header
   */
  protected constructor(client: string, channel: string, config: OutgoingInstrumentationConfig, draftChannel?: string) {
    super(`activity-audit/${client}`, config);
    this.#subscriptions = [
      [channel, this.#onCreated],
      ...(draftChannel === undefined ? [] : [[draftChannel, this.#onDrafted] as const]),
    ];
    this.#rules = outgoingRules(config);
    this.enable();
  }

  /** The request that the channel tells of, unless somebody watches it, or it is nobody's business. */
  protected abstract requestIn(message: unknown): Request | undefined;

  protected abstract factsOf(request: Request): OutgoingRequest;

  /** Adds a header that the request doesn't have, if it isn't too late. */
  protected abstract addHeader(request: Request, name: string, value: string): void;

  /** The request that `draftChannel` tells of, unless it is nobody's business. */
  protected draftIn(_message: unknown): Draft | undefined {
    return undefined;
  }

  protected abstract watch(request: Request, options: OutgoingExchangeOptions): OutgoingExchange;

  override setConfig(config: OutgoingInstrumentationConfig): void {
    super.setConfig(config);
    this.#rules = outgoingRules(config);
  }

  /** Who asked for the request, where that is known of one that is created later. */
  protected askerOf(_message: unknown): Asker | undefined {
    return undefined;
  }

  protected override start(): void {
    if (this.#isEnabled) return;
    this.#isEnabled = true;
    for (const [channel, onMessage] of this.#subscriptions) subscribe(channel, onMessage);
    this.#inFlight.open();
  }

  /** Requests in flight are still recorded when they end. */
  override disable(): void {
    if (!this.#isEnabled) return;
    this.#isEnabled = false;
    for (const [channel, onMessage] of this.#subscriptions) unsubscribe(channel, onMessage);
    this.#inFlight.close();
  }

  readonly #onCreated = (message: unknown): void => {
    guard('watching an outgoing request', () => {
      const asker = this.askerOf(message);
      if (asker) runInWork(asker.work, () => this.#created(message, asker.origin));
      else this.#created(message);
    });
  };

  #created(message: unknown, asked?: Origin): void {
    const { now = Date.now } = this.getConfig();
    if (isTracingSuppressed(asked?.context ?? context.active())) return;
    const request = this.requestIn(message);
    if (!request) return;
    const origin = asked ?? currentOrigin(now);
    const rules = this.#rules;
    const { forwardsTo, ignores, askHooks } = rules;
    const facts = forwardsTo || ignores || askHooks ? this.factsOf(request) : undefined;
    if (facts && forwardsTo?.(facts.url))
      this.#forwardRequestId(facts, origin, (name, value) => this.addHeader(request, name, value));
    if (facts && ignores?.(facts)) return;
    const exchange = this.watch(request, {
      origin,
      told: (done, draft, ended) => this.#told(done, draft, ended, rules.maxBodyBytes),
      rules,
      askResponseHook: facts && askHooks?.(facts),
      now,
    });
    this.#inFlight.add(exchange);
  }

  readonly #onDrafted = (message: unknown): void => {
    guard('forwarding the id of a request', () => this.#drafted(message));
  };

  #drafted(message: unknown): void {
    const { forwardsTo } = this.#rules;
    if (!forwardsTo || isTracingSuppressed(context.active())) return;
    const draft = this.draftIn(message);
    if (draft && forwardsTo(draft.facts.url)) this.#forwardRequestId(draft.facts, currentOrigin(), draft.addHeader);
  }

  #forwardRequestId({ headers }: OutgoingRequest, { requestId }: Origin, addHeader: Draft['addHeader']): void {
    if (requestId === undefined || headers[REQUEST_ID] !== undefined) return;
    guard('forwarding the id of a request', () => addHeader(REQUEST_ID, requestId));
  }

  #told(exchange: OutgoingExchange, draft: OutgoingDraft, origin: Origin, maxBodyBytes: number): void {
    this.#inFlight.delete(exchange);
    emit(outgoingEvent(draft, origin, this.getConfig().redactor, maxBodyBytes), origin, this.provider);
  }
}

const REQUEST_ID = 'x-request-id';
