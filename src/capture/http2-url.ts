import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';

import { symbolOf } from './symbol-of.ts';

/** The URL that a request over HTTP/2 asks for: of a tunnel, host and port alone. */
export function http2Url(headers: OutgoingHttpHeaders, session: ClientHttp2Session): string {
  const scheme = headers[':scheme'] ?? (session.encrypted ? 'https' : 'http');
  return `${scheme === 'https' ? 'https' : 'http'}://${http2Authority(headers)}${String(headers[':path'] ?? '')}`;
}

/** Host and port, without user info, which has no place there. */
export function http2Authority(headers: OutgoingHttpHeaders): string {
  return String(headers[':authority'] ?? headers.host ?? '').replace(/^.*@/, '');
}

/** That of a request that doesn't say another: the host and port that the session was opened with. Node shows it nowhere else. */
export function http2SessionAuthority(session: ClientHttp2Session): string {
  const symbol = symbolOf(session, 'authority');
  return (symbol && (session as unknown as Record<symbol, string>)[symbol]) ?? '';
}
