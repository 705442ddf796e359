/** Whether a request of that method may be sent twice, and means the same. */
export function isIdempotent(method: string): boolean {
  return /^(?:DELETE|GET|HEAD|OPTIONS|PUT)$/.test(method);
}

/** Whether a response asks to come again. */
export function isTryAgain(status: number): boolean {
  return status === 429 || (status >= 502 && status <= 504);
}

const BROKEN = new Set([
  'EADDRINUSE',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Whether what `fetch` threw says that the network broke, and not that the request is wrong. */
export function isNetworkError(error: unknown): boolean {
  const code = ((error as Error | undefined)?.cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && BROKEN.has(code);
}

/**
 * How long to wait before the next try: twice as long as before the last, less a random half, so that clients that broke
 * off together don't come back together.
 *
 * @param tries how many there have been
 */
export function backOffMs(tries: number, firstMs: number, random: () => number = Math.random): number {
  return Math.min(firstMs * 2 ** (tries - 1), 60_000) * (1 - random() / 2);
}

/** How long a `Retry-After` asks to wait, in seconds or until a date; undefined if there is none that says so. */
export function retryAfterMs(header: string | null, now: () => number = Date.now): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}
