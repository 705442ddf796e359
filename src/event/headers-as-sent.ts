import { grouped } from './grouped.ts';
import { MASK } from './secrets.ts';
import { redactSubprotocols } from './subprotocols.ts';

/** Shows the value of a header as what it is. */
export type ShowUrl = (url: string) => string;

/**
 * Headers by their names as sent; a repeated one becomes a list.
 *
 * @param headers name, value, name, value …
 */
export function headersAsSent(headers: readonly string[], showUrl: ShowUrl): { [name: string]: string | string[] } {
  const pairs: [name: string, value: string][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    pairs.push([name, headerText(name, headers[i + 1] as string, showUrl)]);
  }
  return grouped(pairs);
}

/** The value of a header, redacted as what it is, where it is more than a text. */
export function headerText(name: string, value: string, showUrl: ShowUrl): string {
  if (URLS.test(name)) return showUrl(value);
  if (HOSTS.test(name)) return hideUserInfo(value);
  return SUBPROTOCOLS.test(name) ? redactSubprotocols(value) : value;
}

/** Those that hold a URL, or a path with its query. */
const URLS = /^(?:referer|(?:content-)?location|x-(?:forwarded-(?:uri|path)|original-ur[il]|rewrite-url))$/i;

const HOSTS = /^(?:x-forwarded-)?host$/i;

/** A host with its port, without the user info that has no place there; a password may hold an `@` itself. */
export function hideUserInfo(host: string): string {
  return host.replace(/^.*@/, `${MASK}@`);
}

const SUBPROTOCOLS = /^sec-websocket-protocol$/i;
