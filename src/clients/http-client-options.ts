import { expectOneOf, expectOnly, expectWhole } from './expect.ts';

type Value = string | number | boolean | bigint | null | undefined;

/** Names and values of a query or a form: a list repeats its name; what is null or undefined is left out. */
export type HTTPFields = URLSearchParams | Readonly<Record<string, Value | readonly Value[]>>;

/** What a client is made with, and each request may have otherwise. */
interface Limits {
  /** How long a request may take: its tries, the waits between them, and the body of its response. `Infinity` is without end. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * How often a request is tried again after a broken connection, or the status 429, 502, 503 or 504: only DELETE, GET, HEAD,
   * OPTIONS and PUT, without a body that can be read but once.
   *
   * @default 2
   */
  readonly retries?: number | undefined;
  /** How long to wait before the second try; twice as long before each other. A random half of it is left out. @default 200 */
  readonly retryDelayMs?: number | undefined;
  /** The longest `Retry-After` that is waited for; a response that asks for a longer one is returned. @default 10_000 */
  readonly maxRetryAfterMs?: number | undefined;
}

export interface HTTPClientOptions extends Limits {
  /** What a URL that isn't absolute is put behind: `https://api.example.com/v1`. */
  readonly baseUrl?: string | URL | undefined;
  /** Sent with each request to the origin of `baseUrl`; without one, to any. */
  readonly headers?: RequestInit['headers'] | undefined;
  /** Put into the URL of each request to the origin of `baseUrl`; without one, to any. */
  readonly query?: HTTPFields | undefined;
}

/** What `fetch` takes, and at most one of `json`, `form` and `body`. */
export interface HTTPRequestOptions extends Limits, Omit<RequestInit, 'method' | 'headers' | 'body' | 'signal'> {
  /** One of them takes the place of the client's of that name. */
  readonly headers?: RequestInit['headers'] | undefined;
  /** Put into the URL, behind what it has. */
  readonly query?: HTTPFields | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`, or a `FormData` as `multipart/form-data`. */
  readonly form?: HTTPFields | FormData | undefined;
  /** Sent as `fetch` does it. */
  readonly body?: RequestInit['body'] | undefined;
  /** Ends the request, its waits, and the body of its response. */
  readonly signal?: AbortSignal | null | undefined;
}

export type CheckedLimits = { readonly [key in keyof Limits]-?: number };

const DEFAULTS: CheckedLimits = { timeoutMs: 30_000, retries: 2, retryDelayMs: 200, maxRetryAfterMs: 10_000 };

const LIMITS = Object.keys(DEFAULTS) as (keyof Limits)[];

/** @throws TypeError for an option that is unknown or has a value it doesn't take */
export function checkClientOptions(options: HTTPClientOptions): void {
  expectOnly(options, [...LIMITS, 'baseUrl', 'headers', 'query'], 'HTTPClient');
  limitsOf(options, DEFAULTS, 'HTTPClient');
}

/**
 * Those of a request, else those of its client, else the defaults.
 *
 * @throws TypeError for one that is no number, or negative
 */
export function limitsOf(options: Limits, others: Limits = DEFAULTS, where = 'HTTPClient'): CheckedLimits {
  const { timeoutMs, retries, retryDelayMs, maxRetryAfterMs } = { ...DEFAULTS, ...given(others), ...given(options) };
  if (timeoutMs !== Infinity) expectWhole(timeoutMs, 1, 2 ** 31 - 1, `${where}: timeoutMs`);
  expectWhole(retries, 0, 100, `${where}: retries`);
  expectWhole(retryDelayMs, 0, 60_000, `${where}: retryDelayMs`);
  expectWhole(maxRetryAfterMs, 0, 2 ** 31 - 1, `${where}: maxRetryAfterMs`);
  return { timeoutMs, retries, retryDelayMs, maxRetryAfterMs };
}

function given(limits: Limits): Partial<CheckedLimits> {
  return Object.fromEntries(LIMITS.flatMap((name) => (limits[name] === undefined ? [] : [[name, limits[name]]])));
}

/** @throws TypeError where more than one says what the body is */
export function expectOneBody(options: HTTPRequestOptions, where: string): void {
  expectOneOf(options, ['json', 'form', 'body'], where);
}
