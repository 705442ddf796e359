import type { MalformedError } from './malformed-channel.ts';

/** What a malformed request asked for. */
export interface RequestLine {
  /** `_OTHER`, as OpenTelemetry has it, for a method that isn't known. */
  readonly method: string;
  /** Path and query, as sent; empty if unknown. */
  readonly target: string;
}

/**
 * What can be known of a request that the parser has stopped in: its first line, where that is whole and stands where a
 * request would begin, after the last empty line that could be read.
 */
export function requestLine({ rawPacket, bytesParsed = 0 }: MalformedError): RequestLine {
  if (!rawPacket) return UNKNOWN;
  const text = rawPacket.toString('latin1');
  const previousEnd = text.lastIndexOf('\r\n\r\n', bytesParsed - 4);
  const [, method = '', target] = LINE.exec(text.slice(previousEnd < 0 ? 0 : previousEnd + 4)) ?? [];
  if (target === undefined) return UNKNOWN;
  const { METHODS } = process.getBuiltinModule('node:http');
  return { method: METHODS.includes(method) ? method : UNKNOWN.method, target };
}

const UNKNOWN: RequestLine = { method: '_OTHER', target: '' };

const LINE = /^(?:\r?\n)*([A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/\d\.\d\r?\n/;
