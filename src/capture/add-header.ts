import type { ClientRequest } from 'node:http';

/**
 * Adds a header to a request of Node's HTTP client that is being created. Where its headers were given as a list, or it
 * expects `100-continue`, Node has made a text of them at once, which waits to be sent.
 */
export function addHeader(request: ClientRequest, name: string, value: string): void {
  const { _header: head, _headerSent: isSent, outputData } = request as Partial<Outgoing>;
  if (!head) {
    request.setHeader(name, value);
    return;
  }
  const more = `${name}: ${value}\r\n`;
  const longer = `${head.slice(0, -2)}${more}\r\n`;
  const waiting = isSent ? outputData?.[0] : undefined;
  if (isSent && waiting?.data !== head) return;
  if (waiting) {
    waiting.data = longer;
    (request as unknown as Outgoing).outputSize += more.length;
  }
  Object.assign(request, { _header: longer });
}

/** What Node keeps of a message that goes out. */
interface Outgoing {
  readonly _header: string | null;
  /** Whether the head was handed on, to the connection or to what waits for one. */
  readonly _headerSent: boolean;
  readonly outputData: readonly { data: unknown }[];
  outputSize: number;
}
