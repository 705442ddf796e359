import { headersIn } from './headers-in.ts';

/** What was sent of a response before its body; the headers are name, value, name, value …. */
export interface ResponseHead {
  readonly statusCode: number | undefined;
  readonly headers: readonly string[];
}

/** @param text as it is on the wire: `HTTP/1.1 200 OK\r\n`, and so on */
export function responseHead(text: string): ResponseHead {
  return { statusCode: Number(text.slice(STATUS_AT, STATUS_AT + 3)), headers: headersIn(text) };
}

const STATUS_AT = 'HTTP/1.1 '.length;
