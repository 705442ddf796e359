import { setTimeout as wait } from 'node:timers/promises';

import { expectPeer, withPeer } from '../context/peer.ts';
import {
  type CheckedLimits,
  type HTTPClientOptions,
  type HTTPRequestOptions,
  checkClientOptions,
  expectOneBody,
  limitsOf,
} from './http-client-options.ts';
import { expectText } from './expect.ts';
import { requestBody } from './request-body.ts';
import { addQuery, baseUrl, requestUrl } from './request-url.ts';
import { backOffMs, isIdempotent, isNetworkError, isTryAgain, retryAfterMs } from './retry.ts';

type MethodOptions = Omit<HTTPRequestOptions, 'json' | 'form' | 'body'>;

/**
 * A client of one service, over `fetch`: each of its exchanges, so each try, is recorded with the name of the service as
 * `service_name`, where outgoing requests are recorded.
 *
 * All methods return the `Response` of `fetch`, of whatever status, and reject with what `fetch` threw, with the reason of
 * `signal`, with a `TimeoutError` that says after how long, or with a TypeError for an option that can't be.
 *
 * @example
 * class Rates extends HTTPClient {
 *   constructor() {
 *     super('rates', { baseUrl: 'https://rates.example.com/v1', timeoutMs: 5000 });
 *   }
 *   async latest(currency) {
 *     const response = await this.get('latest', { query: { currency } });
 *     return response.json();
 *   }
 * }
 */
export class HTTPClient {
  readonly serviceName: string;
  readonly #options: HTTPClientOptions;
  readonly #base: URL | undefined;

  /** @throws TypeError if the name is empty, or for an option that is unknown or has a value it doesn't take */
  constructor(serviceName: string, options: HTTPClientOptions = {}) {
    expectPeer(serviceName, 'HTTPClient');
    checkClientOptions(options);
    this.serviceName = serviceName;
    this.#options = options;
    this.#base = baseUrl(options.baseUrl, 'HTTPClient: baseUrl');
  }

  get(url: string | URL, options?: MethodOptions): Promise<Response> {
    return this.request('GET', url, options);
  }

  head(url: string | URL, options?: MethodOptions): Promise<Response> {
    return this.request('HEAD', url, options);
  }

  options(url: string | URL, options?: HTTPRequestOptions): Promise<Response> {
    return this.request('OPTIONS', url, options);
  }

  post(url: string | URL, options?: HTTPRequestOptions): Promise<Response> {
    return this.request('POST', url, options);
  }

  put(url: string | URL, options?: HTTPRequestOptions): Promise<Response> {
    return this.request('PUT', url, options);
  }

  patch(url: string | URL, options?: HTTPRequestOptions): Promise<Response> {
    return this.request('PATCH', url, options);
  }

  delete(url: string | URL, options?: HTTPRequestOptions): Promise<Response> {
    return this.request('DELETE', url, options);
  }

  /** What all of the others call. */
  async request(method: string, url: string | URL, options: HTTPRequestOptions = {}): Promise<Response> {
    const call = this.#call(method, url, options);
    return withPeer(this.serviceName, () => responseTo(call));
  }

  #call(givenMethod: string, givenUrl: string | URL, options: HTTPRequestOptions): Call {
    expectText(givenMethod, 'HTTPClient: method');
    const method = givenMethod.toUpperCase();
    const where = `HTTPClient: ${method}`;
    expectOneBody(options, where);
    const limits = limitsOf(options, this.#options, where);
    const url = requestUrl(givenUrl, this.#base, where);
    const own = !this.#base || this.#base.origin === url.origin ? this.#options : {};
    addQuery(url, own.query);
    addQuery(url, options.query);
    const { body, contentType, isOnce } = requestBody(options, where);
    const headers = mergedHeaders(own.headers, options.headers);
    if (contentType !== undefined && !headers.has('content-type')) headers.set('content-type', contentType);
    return {
      name: `${this.serviceName}: ${method} ${url.origin}${url.pathname}`,
      url,
      init: { ...(isOnce && { duplex: 'half' }), ...options, signal: null, method, headers, body: body ?? null },
      signal: options.signal ?? undefined,
      limits: isIdempotent(method) && !isOnce ? limits : { ...limits, retries: 0 },
    };
  }
}

interface Call {
  /** As errors say it: without what may be secret in a query. */
  readonly name: string;
  readonly url: URL;
  readonly init: RequestInit;
  readonly signal: AbortSignal | undefined;
  readonly limits: CheckedLimits;
}

async function responseTo({ name, url, init, signal: ended, limits }: Call): Promise<Response> {
  const late = timeoutSignal(name, limits.timeoutMs);
  const signal = ended && late ? AbortSignal.any([ended, late]) : (ended ?? late);
  const ask = (): Promise<Response> => fetch(url, { ...init, signal: signal ?? null });
  /* oxlint-disable no-await-in-loop -- one try after the other */
  for (let tries = 1; tries <= limits.retries; tries++) {
    const response = await unlessBroken(ask, signal);
    if (response && !isTryAgain(response.status)) return response;
    const askedMs = response && retryAfterMs(response.headers.get('retry-after'));
    if (response && askedMs !== undefined && askedMs > limits.maxRetryAfterMs) return response;
    await readUp(response);
    await pause(askedMs ?? backOffMs(tries, limits.retryDelayMs), signal);
  }
  /* oxlint-enable no-await-in-loop */
  return ask();
}

/** The response, or undefined where the network broke. */
async function unlessBroken(
  ask: () => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (signal?.aborted || !isNetworkError(error)) throw error;
    return undefined;
  }
}

/** So that the connection can be used again, and the record of the exchange is whole. */
async function readUp(response: Response | undefined): Promise<void> {
  try {
    await response?.body?.pipeTo(new WritableStream());
  } catch {
    // It is tried again anyway, or the signal says why not.
  }
}

/** @throws the reason of the signal */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(ms, undefined, { ...(signal && { signal }) }).catch(() => signal?.throwIfAborted());
}

/** It keeps no process alive. */
function timeoutSignal(name: string, timeoutMs: number): AbortSignal | undefined {
  if (timeoutMs === Infinity) return undefined;
  const controller = new AbortController();
  const late = (): void =>
    controller.abort(new DOMException(`${name} took longer than ${timeoutMs} ms`, 'TimeoutError'));
  setTimeout(late, timeoutMs).unref();
  return controller.signal;
}

function mergedHeaders(...all: readonly (RequestInit['headers'] | undefined)[]): Headers {
  const merged = new Headers();
  for (const headers of all) {
    for (const [name, value] of new Headers(headers)) merged.set(name, value);
  }
  return merged;
}
