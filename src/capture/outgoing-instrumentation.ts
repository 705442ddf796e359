import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { emit, realProvider } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { outgoingEvent } from '../event/request-event.ts';
import { VERSION } from '../event/version.ts';
import { type ApiLoggerProvider, InstrumentationBase, context, isTracingSuppressed } from '../vendor/opentelemetry.ts';
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
export abstract class OutgoingInstrumentation extends InstrumentationBase<OutgoingInstrumentationConfig> {
  // The base class calls `enable` before the fields of this one would be initialised.
  declare private onCreated: ((message: unknown) => void) | undefined;
  declare private onExit: (() => void) | undefined;
  declare private inFlight: Set<OutgoingExchange> | undefined;
  declare private provider: ApiLoggerProvider | undefined;

  constructor(client: string, config: OutgoingInstrumentationConfig) {
    super(`activity-audit/${client}`, VERSION, config);
  }

  /** The channel that tells of a request while it is being created, in the work that asks for it. */
  protected abstract channel(): string;

  /** Watches the request that the channel tells of, unless somebody does, or it is nobody's business. */
  protected abstract watch(message: unknown, options: OutgoingExchangeOptions): OutgoingExchange | undefined;

  protected override init(): undefined {
    return undefined;
  }

  override enable(): void {
    if (this.onCreated) return;
    this.inFlight ??= new Set();
    this.onCreated = (message) => guard('watching an outgoing request', () => this.created(message));
    this.onExit = () => this.tellUnfinished();
    subscribe(this.channel(), this.onCreated);
    process.on('exit', this.onExit);
  }

  /** Requests in flight are still recorded when they end. */
  override disable(): void {
    if (!this.onCreated || !this.onExit) return;
    unsubscribe(this.channel(), this.onCreated);
    process.off('exit', this.onExit);
    this.onCreated = undefined;
    this.onExit = undefined;
  }

  override setLoggerProvider(provider: ApiLoggerProvider): void {
    this.provider = realProvider(provider);
  }

  private created(message: unknown): void {
    if (isTracingSuppressed(context.active())) return;
    const { redactor, maxBodyBytes = 65_536, now = Date.now } = this.getConfig();
    const told: OutgoingExchangeOptions['told'] = (exchange, draft, origin) => {
      this.inFlight?.delete(exchange);
      emit(outgoingEvent(draft, origin, redactor, maxBodyBytes), origin, this.provider);
    };
    const exchange = this.watch(message, { told, maxBodyBytes, now });
    if (exchange) this.inFlight?.add(exchange);
  }

  private tellUnfinished(): void {
    for (const exchange of this.inFlight ?? []) exchange.processEnded();
  }
}

/**
 * Whether a request is an OpenTelemetry exporter's own, by its user agent: exporters suppress tracing around it, but
 * where no context manager is registered, that can't be seen, and a record of each export would be exported for ever.
 */
export function isExporter(userAgent: unknown): boolean {
  return typeof userAgent === 'string' && userAgent.includes('OTel-OTLP-Exporter-');
}
