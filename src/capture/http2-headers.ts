import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';

import { hideUserInfo } from '../event/headers-as-sent.ts';
import { MASK } from '../event/secrets.ts';

/**
 * The headers of a message of HTTP/2 as its record shows them: name, value, name, value …. Method, path, scheme and
 * status have keys of their own there. What was sent as sensitive, never to be kept by anybody on the way, is masked, and so
 * is user info; what gRPC sends in base64, nobody could redact.
 *
 * @param headers as Node has them
 * @param raw the same, as sent, if they are known
 */
export function http2Headers(
  headers: IncomingHttpHeaders | OutgoingHttpHeaders,
  raw: readonly string[] = flat(headers),
): string[] {
  const sensitive = sensitiveNames(headers);
  const shown: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (HIDDEN.has(name)) continue;
    shown.push(name, sensitive.includes(name) ? MASK : shownValue(name, raw[i + 1] as string));
  }
  return shown;
}

function shownValue(name: string, value: string): string {
  if (name.endsWith('-bin')) return 'Binary content';
  return name === ':authority' ? hideUserInfo(value) : value;
}

/** Name, value, name, value …; a name is in lower case on the wire. */
export function flat(headers: IncomingHttpHeaders | OutgoingHttpHeaders): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value ?? []].flat();
    return values.flatMap((one) => [name.toLowerCase(), String(one)]);
  });
}

const HIDDEN: ReadonlySet<string> = new Set([':method', ':path', ':scheme', ':status']);

function sensitiveNames(headers: object): readonly string[] {
  const { sensitiveHeaders } = process.getBuiltinModule('node:http2');
  const names = (headers as Record<symbol, readonly string[] | undefined>)[sensitiveHeaders] ?? [];
  return names.map((name) => name.toLowerCase());
}
