import type { JsonObject } from '../../src/event/event.ts';

/** An event as a file would have it: without what is undefined. */
export function asLine(event: object): JsonObject {
  return JSON.parse(JSON.stringify(event)) as JsonObject;
}

/** A line as it is read from a LogRecord, whose attributes have the names of headers in lower case. */
export function withLowerCaseHeaders(line: JsonObject): JsonObject {
  if (line['name'] !== 'audit.request' || 'exception' in line) return line;
  const parts = ['request_repr', 'response_repr'].map((part) => {
    const { headers, ...others } = line[part] as JsonObject;
    return [part, { ...others, headers: lowerCase(headers as JsonObject) }] as const;
  });
  return { ...line, ...Object.fromEntries(parts) };
}

function lowerCase(headers: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
