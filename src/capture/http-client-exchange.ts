import type { ClientRequest, IncomingMessage } from 'node:http';

import { headerOf } from '../event/header-of.ts';
import { bareHost } from './bare-host.ts';
import { clientRequestUrl } from './client-request-url.ts';
import { type HttpWatcher, unwatch, watch } from './http-patch.ts';
import { namedUrl } from './named-url.ts';
import { outgoingError } from './outgoing-error.ts';
import { OutgoingExchange, type OutgoingExchangeOptions, type OutgoingFacts } from './outgoing-exchange.ts';
import { sentHeaders } from './sent-headers.ts';

/** One exchange of Node's HTTP client. */
export class HttpClientExchange extends OutgoingExchange implements HttpWatcher {
  readonly #request: ClientRequest;
  /** As the application asked: agents for proxies rewrite them. */
  readonly #method: string;
  readonly #path: string;
  #response: Response | undefined;
  /** Only known while there is a connection. */
  #port: number | undefined;

  constructor(request: ClientRequest, options: OutgoingExchangeOptions) {
    super(options);
    this.#request = request;
    this.#method = request.method;
    this.#path = request.path;
  }

  sent(chunk: unknown, encoding: unknown): void {
    this.requestChunk(chunk, encoding);
  }

  /** The head of the response is there; its body comes next. */
  responded(response: IncomingMessage): void {
    this.#response = response;
    this.#port = this.#request.socket?.remotePort;
    watch(this, response);
  }

  received(chunk: unknown, encoding: unknown): void {
    if (chunk !== null) this.responseChunk(chunk, encoding);
    else if (this.#response?.complete && this.#request.writableEnded) this.#end(null);
  }

  receiverDestroyed(): void {
    // The request is closed next.
  }

  failed(error: unknown): void {
    this.#end(outgoingError(error));
  }

  senderClosed(): void {
    // An upgrade and a tunnel have a response that no channel tells of.
    this.#response ??= responseOf(this.#request);
    const response = this.#response;
    if (response?.complete || response?.upgrade) this.#end(null);
    else this.#end(response?.errored ? outgoingError(response.errored) : 'The response was not received to its end');
  }

  #end(error: string | null): void {
    this.tell(error);
    unwatch(this.#request);
    if (this.#response) unwatch(this.#response);
  }

  protected facts(): OutgoingFacts {
    const request = this.#request;
    const response = this.#response;
    const headers = sentHeaders(request);
    this.requestBody.complete = request.writableEnded;
    // Node 20 may have sent it before anything told of the request.
    if (this.requestBody.size === 0) this.requestBody.size = Number(headerOf(headers, 'content-length')) || 0;
    this.responseBody.complete = response?.complete === true;
    if (isUnseen(response)) this.#bodyWasUnseen(response);
    return {
      protocol: request.protocol === 'https:' ? 'https' : 'http',
      method: this.#method,
      url: clientRequestUrl(request, this.#path, headers, this.#port),
      peer: bareHost(hostOf(namedUrl(this.#method, this.#path)) ?? request.host),
      requestHeaders: headers,
      statusCode: response?.statusCode,
      responseHeaders: response?.rawHeaders ?? [],
    };
  }

  /** Node throws away, before we see it, what comes for a request on which nobody waits for a response. */
  #bodyWasUnseen({ headers, statusCode }: Response): void {
    if (this.#method === 'HEAD' || statusCode === 204 || statusCode === 304) return;
    this.responseBody.complete = false;
    this.responseBody.size = Number(headers['content-length'] ?? this.responseBody.size);
  }
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** What a channel of Node tells of a request that is being watched. */
export function exchangeOf(watcher: HttpWatcher | undefined): HttpClientExchange | undefined {
  return watcher && 'responded' in watcher ? (watcher as HttpClientExchange) : undefined;
}

type Response = IncomingMessage & { readonly upgrade?: boolean | null; readonly _dumped?: boolean };

function isUnseen(response: Response | undefined): response is Response {
  const { _dumped: isDumped, complete = false } = response ?? {};
  return isDumped === true && complete;
}

function responseOf(request: ClientRequest): Response | undefined {
  return (request as { res?: Response | null }).res ?? undefined;
}
