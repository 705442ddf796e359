import type { ClientRequest } from 'node:http';

/**
 * Adds a header to a request of Node's HTTP client that is being created. Where its headers were given as a list, Node
 * has made a text of them at once, which waits to be sent. One that expects `100-continue` has sent it.
 */
export function addHeader(request: ClientRequest, name: string, value: string): void {
  const { _header: head, _headerSent: isSent } = request as { _header?: string | null; _headerSent?: boolean };
  if (!head) request.setHeader(name, value);
  else if (!isSent) Object.assign(request, { _header: `${head.slice(0, -2)}${name}: ${value}\r\n\r\n` });
}
