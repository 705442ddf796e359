/**
 * The URL that a request names itself, as one to a proxy does: the whole of it, or of a tunnel host and port. Undefined
 * where it names a path on the host that it is sent to.
 */
export function namedUrl(method: string, path: string): string | undefined {
  if (/^https?:\/\//i.test(path)) return path;
  return method === 'CONNECT' && TUNNEL.test(path) ? `http://${path}` : undefined;
}

const TUNNEL = /^[^\s/?#@]+:\d+$/;
