import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';

/** The URL that a request over HTTP/2 asks for: of a tunnel, host and port alone. */
export function http2Url(headers: OutgoingHttpHeaders, session: ClientHttp2Session): string {
  const scheme = headers[':scheme'] ?? (session.encrypted ? 'https' : 'http');
  return `${scheme === 'https' ? 'https' : 'http'}://${http2Authority(headers)}${String(headers[':path'] ?? '')}`;
}

/** Host and port, without user info, which has no place there. */
export function http2Authority(headers: OutgoingHttpHeaders): string {
  return String(headers[':authority'] ?? headers.host ?? '').replace(/^.*@/, '');
}
