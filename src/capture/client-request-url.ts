import type { ClientRequest } from 'node:http';

import { headerOf } from '../event/header-of.ts';
import { namedUrl } from './named-url.ts';

/**
 * The URL that a request of Node's HTTP client asks for.
 *
 * @param path as the application asked
 * @param headers name, value, name, value …
 * @param port of the connection, where there is one
 */
export function clientRequestUrl(
  { method, protocol, host }: ClientRequest,
  path: string,
  headers: readonly string[],
  port?: number,
): string {
  const sentTo = authority(bracketed(host), headerOf(headers, 'host'), port);
  return namedUrl(method, path) ?? `${protocol}//${sentTo}${path.startsWith('/') ? '' : '/'}${path}`;
}

/** Node puts host and port into the header `Host`, where the application doesn't say something else there. */
function authority(host: string, named: string, port: number | undefined): string {
  if (named.replace(/:\d+$/, '') === host) return named;
  return port === undefined ? host : `${host}:${port}`;
}

/** An IPv6 address as it stands in a URL. */
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
