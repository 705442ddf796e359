import { bareHost } from './bare-host.ts';
import { define } from './define.ts';
import { headersIn } from './headers-in.ts';
import { originalMethod } from './original-method.ts';
import { outgoingError } from './outgoing-error.ts';
import { OutgoingExchange, type OutgoingExchangeOptions, type OutgoingFacts } from './outgoing-exchange.ts';
import { type UndiciHeaders, type UndiciRequest, flatHeaders, undiciRequestUrl } from './undici-request.ts';

/** One exchange of undici, which is also what `fetch` is built on. */
export class UndiciExchange extends OutgoingExchange {
  readonly #request: UndiciRequest;
  readonly #method: string;
  readonly #url: string;
  /** Undefined until they are. */
  #sentHeaders: readonly string[] | undefined;
  #statusCode: number | undefined;
  #responseHeaders: readonly string[] = [];

  constructor(request: UndiciRequest, options: OutgoingExchangeOptions) {
    super(options);
    this.#request = request;
    this.#method = request.method;
    this.#url = undiciRequestUrl(request);
    this.#watch(request);
  }

  /** @param head the text that goes to the peer, or what would be its headers, for HTTP/2 */
  headSent(head: string): void {
    const isText = head.slice(0, head.indexOf('\r\n')).endsWith(' HTTP/1.1');
    const headers = headersIn(isText ? head : `\r\n${head}`);
    this.#sentHeaders = headers.filter((_, i) => !headers[i - (i % 2)]?.startsWith(':'));
  }

  bodySent(): void {
    this.requestBody.complete = true;
  }

  /** May come several times: an interim response has a head, too. */
  responded({ statusCode, headers }: { readonly statusCode: number; readonly headers: UndiciHeaders }): void {
    this.#statusCode = statusCode;
    this.#responseHeaders = flatHeaders(headers);
  }

  completed(): void {
    this.responseBody.complete = true;
    this.tell(null);
  }

  failed(error: unknown): void {
    this.tell(outgoingError(error));
  }

  protected facts(): OutgoingFacts {
    const { protocol, hostname } = new URL(this.#url);
    return {
      protocol: protocol === 'https:' ? 'https' : 'http',
      method: this.#method,
      url: this.#url,
      peer: bareHost(hostname),
      requestHeaders: this.#sentHeaders ?? flatHeaders(this.#request.headers),
      statusCode: this.#statusCode,
      responseHeaders: this.#responseHeaders,
    };
  }

  /** A body in memory is kept as it was given, any other while it is sent. */
  #watch(request: UndiciRequest): void {
    const { body } = request;
    const isInMemory = body === null || body instanceof Uint8Array;
    if (isInMemory) {
      this.requestChunk(body);
      this.bodySent();
    } else {
      shadow(request, 'onBodySent', (chunk) => this.requestChunk(chunk));
    }
    shadow(request, 'onData', (chunk) => this.responseChunk(chunk));
    shadow(request, 'onResponseData', (chunk) => this.responseChunk(chunk));
    // Not all versions tell of an upgrade on a channel.
    shadow(request, 'onUpgrade', (statusCode, headers) => {
      this.responded({ statusCode: statusCode as number, headers: headers as UndiciHeaders });
      this.completed();
    });
  }
}

/** Has `before` see what a method is called with, if the request has one of that name. */
function shadow(request: UndiciRequest, name: string, before: (...args: unknown[]) => void): void {
  if (!(name in request)) return;
  const original = originalMethod(request, name);
  const shadowed = function (this: unknown): unknown {
    Reflect.apply(before, undefined, arguments);
    return Reflect.apply(original, this, arguments);
  };
  define(request, name, shadowed, false);
}
