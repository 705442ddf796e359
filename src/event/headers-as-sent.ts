import { setOwn } from './plain-value.ts';
import { redactSubprotocols } from './subprotocols.ts';

/**
 * Headers by their names as sent; a repeated one becomes a list.
 *
 * @param headers name, value, name, value …
 */
export function headersAsSent(headers: readonly string[]): { [name: string]: string | string[] } {
  const byName: { [name: string]: string | string[] } = {};
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = withoutTokens(name, headers[i + 1] as string);
    const before = Object.hasOwn(byName, name) ? byName[name] : undefined;
    if (Array.isArray(before)) before.push(value);
    else setOwn(byName, name, before === undefined ? value : [before, value]);
  }
  return byName;
}

/** The value of a header that carries tokens among other things, without them. */
export function withoutTokens(name: string, value: string): string {
  return SUBPROTOCOLS.test(name) ? redactSubprotocols(value) : value;
}

const SUBPROTOCOLS = /^sec-websocket-protocol$/i;
