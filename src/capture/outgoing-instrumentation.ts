import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { type Origin, currentOrigin } from '../context/origin.ts';
import { emit } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { outgoingEvent } from '../event/request-event.ts';
import { context, isTracingSuppressed } from '../vendor/opentelemetry.ts';
import { InFlight } from './in-flight.ts';
import { Instrumentation } from './instrumentation.ts';
import type { OutgoingExchange, OutgoingExchangeOptions } from './outgoing-exchange.ts';

export interface OutgoingInstrumentationConfig {
  /** @default true */
  readonly enabled?: boolean;
  readonly redactor: Redactor;
  /** How many bytes of a body a record shows. @default 65536 */
  readonly maxBodyBytes?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** What the instrumentations of HTTP clients share: a channel that tells of each request, and the way to its record. */
export abstract class OutgoingInstrumentation extends Instrumentation<OutgoingInstrumentationConfig> {
  readonly #inFlight = new InFlight();
  readonly #channel: string;
  #isEnabled = false;

  /** @param channel tells of a request while it is being created, in the work that asks for it */
  protected constructor(client: string, channel: string, config: OutgoingInstrumentationConfig) {
    super(`activity-audit/${client}`, config);
    this.#channel = channel;
    this.enable();
  }

  /** Watches the request that the channel tells of, unless somebody does, or it is nobody's business. */
  protected abstract watch(message: unknown, options: OutgoingExchangeOptions): OutgoingExchange | undefined;

  /** Who asked for the request, where that is known of one that is created later. */
  protected originOf(_message: unknown): Origin | undefined {
    return undefined;
  }

  protected override start(): void {
    if (this.#isEnabled) return;
    this.#isEnabled = true;
    subscribe(this.#channel, this.#onCreated);
    this.#inFlight.open();
  }

  /** Requests in flight are still recorded when they end. */
  override disable(): void {
    if (!this.#isEnabled) return;
    this.#isEnabled = false;
    unsubscribe(this.#channel, this.#onCreated);
    this.#inFlight.close();
  }

  readonly #onCreated = (message: unknown): void => {
    guard('watching an outgoing request', () => this.#created(message));
  };

  #created(message: unknown): void {
    const { redactor, maxBodyBytes = 65_536, now = Date.now } = this.getConfig();
    const asked = this.originOf(message);
    if (isTracingSuppressed(asked?.context ?? context.active())) return;
    const told: OutgoingExchangeOptions['told'] = (exchange, draft, origin) => {
      this.#inFlight.delete(exchange);
      emit(outgoingEvent(draft, origin, redactor, maxBodyBytes), origin, this.provider);
    };
    const exchange = this.watch(message, { told, origin: asked ?? currentOrigin(now), maxBodyBytes, now });
    if (exchange) this.#inFlight.add(exchange);
  }
}

/**
 * Whether a request is an OpenTelemetry exporter's own, by its user agent: exporters suppress tracing around it, but
 * where no context manager is registered, that can't be seen, and a record of each export would be exported for ever.
 */
export function isExporter(userAgent: unknown): boolean {
  return typeof userAgent === 'string' && userAgent.includes('OTel-OTLP-Exporter-');
}
