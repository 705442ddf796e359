import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

import { guard } from '../event/guard.ts';
import { HttpClientExchange, exchangeOf } from './http-client-exchange.ts';
import { httpCreatedChannel } from './http-created-channel.ts';
import { watch, watcherOf } from './http-patch.ts';
import { isExporter } from './is-exporter.ts';
import type { OutgoingExchange, OutgoingExchangeOptions } from './outgoing-exchange.ts';
import { OutgoingInstrumentation, type OutgoingInstrumentationConfig } from './outgoing-instrumentation.ts';

/** Records every exchange that goes out through `node:http` and `node:https`, and the clients that are built on them. */
export class HttpClientInstrumentation extends OutgoingInstrumentation {
  constructor(config: OutgoingInstrumentationConfig) {
    super('http-client', httpCreatedChannel(), config);
  }

  protected override watch(message: unknown, options: OutgoingExchangeOptions): OutgoingExchange | undefined {
    const { request } = message as { request: ClientRequest };
    if (watcherOf(request) || isExporter((name) => request.getHeader(name))) return undefined;
    const exchange = new HttpClientExchange(request, options);
    watch(exchange, request);
    followOnce();
    return exchange;
  }
}

let isFollowing = false;

/** Once a process, and for ever: what is in flight goes on when its instrumentation is disabled. */
function followOnce(): void {
  if (isFollowing) return;
  isFollowing = true;
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    guard('watching a response', () => exchangeOf(watcherOf(request))?.responded(response));
  });
  subscribe('http.client.request.error', (message) => {
    const { request, error } = message as { request: ClientRequest; error: unknown };
    guard('recording a failed request', () => exchangeOf(watcherOf(request))?.failed(error));
  });
}
