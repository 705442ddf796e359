import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { enterWork } from '../context/work.ts';
import { emit } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { incomingEvent } from '../event/request-event.ts';
import type { UserOf } from './actor-finder.ts';
import { HttpExchange, type Told } from './http-exchange.ts';
import { watch, watcherOf } from './http-patch.ts';
import { Instrumentation } from './instrumentation.ts';

export interface HttpServerInstrumentationConfig {
  /** @default true */
  readonly enabled?: boolean;
  readonly redactor: Redactor;
  /** How many bytes of a body a record shows. @default 65536 */
  readonly maxBodyBytes?: number;
  readonly userOf?: UserOf | undefined;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Published by Node as soon as the headers of a request are there, whatever framework serves it. */
const CHANNEL = 'http.server.request.start';

/** Records every HTTP exchange that comes in. */
export class HttpServerInstrumentation extends Instrumentation<HttpServerInstrumentationConfig> {
  readonly #inFlight = new Set<HttpExchange>();
  #isEnabled = false;

  constructor(config: HttpServerInstrumentationConfig) {
    super('activity-audit/http-server', config);
    this.enable();
  }

  protected override start(): void {
    if (this.#isEnabled) return;
    this.#isEnabled = true;
    subscribe(CHANNEL, this.#onStart);
    process.on('exit', this.#onExit);
  }

  /** Requests in flight are still recorded when they end. */
  override disable(): void {
    if (!this.#isEnabled) return;
    this.#isEnabled = false;
    unsubscribe(CHANNEL, this.#onStart);
    process.off('exit', this.#onExit);
  }

  readonly #onStart = (message: unknown): void => {
    guard('watching a request', () => this.#watch(message as StartMessage));
  };

  /** A handler that threw may end the process before its response was closed. */
  readonly #onExit = (): void => {
    for (const exchange of this.#inFlight) exchange.processEnded();
  };

  #watch({ request, response }: StartMessage): void {
    if (watcherOf(request)) return;
    const { redactor, maxBodyBytes = 65_536, userOf, now = Date.now } = this.getConfig();
    const told: Told = (draft, origin) => {
      this.#inFlight.delete(exchange);
      emit(incomingEvent(draft, origin, redactor, maxBodyBytes), origin, this.provider);
    };
    const exchange = new HttpExchange(request, response, { told, userOf, maxBodyBytes, now });
    watch(exchange, response, request);
    this.#inFlight.add(exchange);
    enterWork(exchange.work);
  }
}

interface StartMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
