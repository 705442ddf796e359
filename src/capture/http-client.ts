import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

import { guard } from '../event/guard.ts';
import { addHeader } from './add-header.ts';
import { clientRequestUrl } from './client-request-url.ts';
import { headersByName } from './headers-by-name.ts';
import { HttpClientExchange, exchangeOf } from './http-client-exchange.ts';
import { httpCreatedChannel } from './http-created-channel.ts';
import { watch, watcherOf } from './http-patch.ts';
import { isExporter } from './is-exporter.ts';
import { once } from './once.ts';
import type { OutgoingExchange, OutgoingExchangeOptions } from './outgoing-exchange.ts';
import { OutgoingInstrumentation, type OutgoingInstrumentationConfig } from './outgoing-instrumentation.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { sentHeaders } from './sent-headers.ts';

/** Records every exchange that goes out through `node:http` and `node:https`, and the clients that are built on them. */
export class HttpClientInstrumentation extends OutgoingInstrumentation<ClientRequest> {
  constructor(config: OutgoingInstrumentationConfig) {
    super('http-client', httpCreatedChannel(), config);
  }

  protected override requestIn(message: unknown): ClientRequest | undefined {
    const { request } = message as { request: ClientRequest };
    return watcherOf(request) || isExporter((name) => request.getHeader(name), request.path) ? undefined : request;
  }

  protected override factsOf(request: ClientRequest): OutgoingRequest {
    const headers = sentHeaders(request);
    const url = clientRequestUrl(request, request.path, headers);
    return { method: request.method, url, headers: headersByName(headers) };
  }

  protected override addHeader(request: ClientRequest, name: string, value: string): void {
    addHeader(request, name, value);
  }

  protected override watch(request: ClientRequest, options: OutgoingExchangeOptions): OutgoingExchange {
    const exchange = new HttpClientExchange(request, options);
    watch(exchange, request);
    followOnce();
    return exchange;
  }
}

/** Once a process, and for ever: what is in flight goes on when its instrumentation is disabled. */
const followOnce = once(() => {
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    guard('watching a response', () => exchangeOf(watcherOf(request))?.responded(response));
  });
  subscribe('http.client.request.error', (message) => {
    const { request, error } = message as { request: ClientRequest; error: unknown };
    guard('recording a failed request', () => exchangeOf(watcherOf(request))?.failed(error));
  });
});
