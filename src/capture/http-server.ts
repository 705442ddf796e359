import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { enterWork } from '../context/work.ts';
import { emit, realProvider } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { incomingEvent } from '../event/request-event.ts';
import { VERSION } from '../event/version.ts';
import { type ApiLoggerProvider, InstrumentationBase } from '../vendor/opentelemetry.ts';
import { HttpExchange, type Told } from './http-exchange.ts';
import { isWatched, watch } from './http-patch.ts';
import type { IncomingOptions } from './incoming-options.ts';
import { type IncomingRules, incomingRules } from './incoming-rules.ts';
import { requestWork } from './request-work.ts';

export interface HttpServerInstrumentationConfig extends IncomingOptions {
  /** @default true */
  readonly enabled?: boolean;
  readonly redactor: Redactor;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Published by Node as soon as the headers of a request are there, whatever framework serves it. */
const CHANNEL = 'http.server.request.start';

/** Records every HTTP exchange that comes in. */
export class HttpServerInstrumentation extends InstrumentationBase<HttpServerInstrumentationConfig> {
  // The base class calls `enable` before the fields of this one would be initialised.
  declare private onStart: ((message: unknown) => void) | undefined;
  declare private onExit: (() => void) | undefined;
  declare private inFlight: Set<HttpExchange> | undefined;
  declare private provider: ApiLoggerProvider | undefined;
  declare private rules: IncomingRules;

  constructor(config: HttpServerInstrumentationConfig) {
    super('activity-audit/http-server', VERSION, config);
  }

  protected override init(): undefined {
    return undefined;
  }

  override setConfig(config: HttpServerInstrumentationConfig): void {
    super.setConfig(config);
    this.rules = incomingRules(config);
  }

  override enable(): void {
    if (this.onStart) return;
    this.inFlight ??= new Set();
    this.onStart = (message) => guard('watching a request', () => this.start(message as StartMessage));
    this.onExit = () => this.tellUnfinished();
    subscribe(CHANNEL, this.onStart);
    process.on('exit', this.onExit);
  }

  /** Requests in flight are still recorded when they end. */
  override disable(): void {
    if (!this.onStart || !this.onExit) return;
    unsubscribe(CHANNEL, this.onStart);
    process.off('exit', this.onExit);
    this.onStart = undefined;
    this.onExit = undefined;
  }

  override setLoggerProvider(provider: ApiLoggerProvider): void {
    this.provider = realProvider(provider);
  }

  private start({ request, response }: StartMessage): void {
    if (isWatched(request)) return;
    const { rules } = this;
    const { redactor, now = Date.now } = this.getConfig();
    const work = requestWork(request, rules.userOf, now);
    enterWork(work);
    if (rules.ignores(request)) return;
    const told: Told = (draft, origin) => {
      this.inFlight?.delete(exchange);
      emit(incomingEvent(draft, origin, redactor, rules.maxBodyBytes), origin, this.provider);
    };
    const exchange = new HttpExchange(request, response, { told, work, rules, now });
    watch(request, response, exchange);
    this.inFlight?.add(exchange);
  }

  /** A handler that threw may end the process before its response was closed. */
  private tellUnfinished(): void {
    for (const exchange of this.inFlight ?? []) exchange.processEnded();
  }
}

interface StartMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
