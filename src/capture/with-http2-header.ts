import type { OutgoingHttpHeaders } from 'node:http2';

/** A copy of the headers of a request, with what Node reads from their symbols, and one more. */
export function withHttp2Header<Headers extends OutgoingHttpHeaders | readonly string[]>(
  headers: Headers,
  name: string,
  value: string,
): Headers {
  if (!Array.isArray(headers)) return Object.assign(Object.create(null), headers, { [name]: value }) as Headers;
  const list = Object.assign([], headers) as unknown[];
  list.push(name, value);
  return list as unknown as Headers;
}
