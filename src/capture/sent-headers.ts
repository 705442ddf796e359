import type { ClientRequest } from 'node:http';

import { headersIn } from './headers-in.ts';

/**
 * The headers of a request of Node's HTTP client as they were sent; where it didn't come to that yet, as they would be
 * now. Name, value, name, value ….
 */
export function sentHeaders(request: ClientRequest): string[] {
  const { _header: head } = request as { _header?: string | null };
  if (head) return headersIn(head);
  return request
    .getRawHeaderNames()
    .flatMap((name) => [request.getHeader(name) ?? ''].flat().flatMap((value) => [name, String(value)]));
}
