import { headersIn } from './headers-in.ts';
import { namedUrl } from './named-url.ts';

/** What we see of a request inside undici 6 to 8, and of the copies of undici that are built into Node. */
export interface UndiciRequest {
  readonly method: string;
  readonly origin: string | URL;
  readonly path: string;
  /** A stream, an iterable, a form, a blob; text and bytes are a Buffer. */
  readonly body: unknown;
  /** Name, value, name, value …, as far as undici doesn't keep them elsewhere; in the first releases of 6 a text. */
  readonly headers: (string | readonly string[])[] | string;
  /** Absent in 6.11.0. */
  addHeader?(name: string, value: string): void;
}

export function undiciRequestUrl({ method, origin, path }: UndiciRequest): string {
  return namedUrl(method, path) ?? `${String(origin).replace(/\/$/, '')}${path.startsWith('/') ? '' : '/'}${path}`;
}

export function addUndiciHeader(request: UndiciRequest, name: string, value: string): void {
  if (request.addHeader) request.addHeader(name, value);
  else if (typeof request.headers !== 'string') request.headers.push(name, value);
}

/** Of a response; pairs of bytes, or an object of texts over HTTP/2. */
export type UndiciHeaders = readonly (Uint8Array | string | readonly (Uint8Array | string)[])[] | object;

/** Name, value, name, value …. */
export function flatHeaders(headers: UndiciHeaders | string): string[] {
  if (typeof headers === 'string') return headersIn(`\r\n${headers}`);
  if (!Array.isArray(headers)) {
    return Object.entries(headers as Record<string, unknown>).flatMap(([name, value]) => pairs(name, value));
  }
  return headers.flatMap((name: unknown, i) => (i % 2 === 0 ? pairs(text(name), headers[i + 1]) : []));
}

function pairs(name: string, value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((one) => [name, text(one)]) : [name, text(value)];
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}
