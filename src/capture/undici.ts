import { subscribe } from 'node:diagnostics_channel';

import { guard } from '../event/guard.ts';
import { headerOf } from '../event/header-of.ts';
import type { Asker } from './asker.ts';
import { define } from './define.ts';
import { headersByName } from './headers-by-name.ts';
import { isExporter } from './is-exporter.ts';
import { once } from './once.ts';
import type { OutgoingExchange, OutgoingExchangeOptions } from './outgoing-exchange.ts';
import { OutgoingInstrumentation, type OutgoingInstrumentationConfig } from './outgoing-instrumentation.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { UndiciExchange } from './undici-exchange.ts';
import { poolAsker, watchPoolsOnce } from './undici-pool.ts';
import {
  type UndiciHeaders,
  type UndiciRequest,
  addUndiciHeader,
  flatHeaders,
  undiciRequestUrl,
} from './undici-request.ts';

/** Records every exchange that goes out through `fetch` and undici 6 to 8, built in or installed. */
export class UndiciInstrumentation extends OutgoingInstrumentation<WatchedRequest> {
  constructor(config: OutgoingInstrumentationConfig) {
    super('undici', 'undici:request:create', config);
    watchPoolsOnce();
  }

  protected override askerOf(message: unknown): Asker | undefined {
    return poolAsker((message as { request: object }).request);
  }

  protected override requestIn(message: unknown): WatchedRequest | undefined {
    const { request } = message as { request: WatchedRequest };
    if (request[EXCHANGE]) return undefined;
    const headers = flatHeaders(request.headers);
    return isExporter((name) => headerOf(headers, name), request.path) ? undefined : request;
  }

  protected override factsOf(request: WatchedRequest): OutgoingRequest {
    const headers = headersByName(flatHeaders(request.headers));
    return { method: request.method, url: undiciRequestUrl(request), headers };
  }

  protected override addHeader(request: WatchedRequest, name: string, value: string): void {
    addUndiciHeader(request, name, value);
  }

  protected override watch(request: WatchedRequest, options: OutgoingExchangeOptions): OutgoingExchange {
    const exchange = new UndiciExchange(request, options);
    define(request, EXCHANGE, exchange, false);
    followOnce();
    return exchange;
  }
}

const EXCHANGE: unique symbol = Symbol.for('activity-audit.undici.exchange.1');

interface WatchedRequest extends UndiciRequest {
  /** Of whichever copy of this package. */
  [EXCHANGE]?: UndiciExchange;
}

/** Once a process, and for ever: what is in flight goes on when its instrumentation is disabled. */
const followOnce = once(() => {
  follow('undici:client:sendHeaders', (exchange, { headers }) => exchange.headSent(headers));
  follow('undici:request:bodySent', (exchange) => exchange.bodySent());
  follow('undici:request:headers', (exchange, { response }) => exchange.responded(response));
  follow('undici:request:trailers', (exchange) => exchange.completed());
  follow('undici:request:error', (exchange, { error }) => exchange.failed(error));
});

/** All that the channels tell; each has its part of it. */
interface Message {
  readonly request: WatchedRequest;
  readonly headers: string;
  readonly response: { readonly statusCode: number; readonly headers: UndiciHeaders };
  readonly error: unknown;
}

function follow(channel: string, tell: (exchange: UndiciExchange, message: Message) => void): void {
  subscribe(channel, (published) => {
    const message = published as Message;
    const exchange = message.request[EXCHANGE];
    if (exchange) guard('watching an outgoing request', () => tell(exchange, message));
  });
}
