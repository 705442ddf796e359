/** What was sent of a response before its body; the headers are name, value, name, value …. */
export interface ResponseHead {
  readonly statusCode: number | undefined;
  readonly headers: readonly string[];
}

/** @param text as it is on the wire: `HTTP/1.1 200 OK\r\n`, and so on */
export function responseHead(text: string): ResponseHead {
  const headers: string[] = [];
  let start = text.indexOf('\r\n') + 2;
  for (let end = text.indexOf('\r\n', start); end > start; end = text.indexOf('\r\n', start)) {
    const colon = text.indexOf(': ', start);
    headers.push(text.slice(start, colon), text.slice(colon + 2, end));
    start = end + 2;
  }
  return { statusCode: Number(text.slice(STATUS_AT, STATUS_AT + 3)), headers };
}

const STATUS_AT = 'HTTP/1.1 '.length;
