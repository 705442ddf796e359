import type { ClientRequest } from 'node:http';

import { headerOf } from '../event/header-of.ts';

/**
 * The URL that a request of Node's HTTP client asks for.
 *
 * @param path as the application asked: one to a proxy names the whole URL itself
 * @param headers name, value, name, value …
 * @param port of the connection, where there is one
 */
export function clientRequestUrl(
  { protocol, host }: ClientRequest,
  path: string,
  headers: readonly string[],
  port?: number,
): string {
  if (/^https?:\/\//i.test(path)) return path;
  return `${protocol}//${authority(bracketed(host), headerOf(headers, 'host'), port)}${path.startsWith('/') ? '' : '/'}${path}`;
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
