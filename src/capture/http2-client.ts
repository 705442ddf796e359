import { subscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Session } from 'node:http2';

import { currentWork } from '../context/work.ts';
import { type Asker, askerInHand } from './asker.ts';
import { askerOfCall, keepWorkOfCalls } from './grpc-calls.ts';
import { Http2ClientExchange } from './http2-client-exchange.ts';
import {
  HTTP2_DRAFT_CHANNEL,
  type Http2DraftMessage,
  type Http2RequestMessage,
  http2RequestChannel,
} from './http2-request-channel.ts';
import { withHttp2Header } from './with-http2-header.ts';
import { type HeadersByName, headersByName } from './headers-by-name.ts';
import { flat, http2Headers } from './http2-headers.ts';
import { followStream, isFollowed } from './http2-stream.ts';
import { http2SessionAuthority, http2Url } from './http2-url.ts';
import { keepWorkOfRequests } from './http2-wrapper-sessions.ts';
import { isExporter } from './is-exporter.ts';
import { mark } from './mark.ts';
import { once } from './once.ts';
import type { OutgoingExchange, OutgoingExchangeOptions } from './outgoing-exchange.ts';
import { type Draft, OutgoingInstrumentation, type OutgoingInstrumentationConfig } from './outgoing-instrumentation.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/** Records every exchange that goes out through `node:http2`, and the clients that are built on it, as that of gRPC. */
export class Http2ClientInstrumentation extends OutgoingInstrumentation<Http2RequestMessage> {
  constructor(config: OutgoingInstrumentationConfig) {
    super('http2-client', http2RequestChannel(), config, HTTP2_DRAFT_CHANNEL);
    markOnce();
    keepWorkOfCalls();
    keepWorkOfRequests();
  }

  protected override askerOf(message: unknown): Asker | undefined {
    return askerInHand() ?? askerOfCall((message as Http2RequestMessage).stream);
  }

  protected override requestIn(message: unknown): Http2RequestMessage | undefined {
    const { stream, session } = message as Http2RequestMessage;
    if (isFollowed(stream) || isUndici(session)) return undefined;
    const { sentHeaders: headers } = stream;
    return isExporter((name) => headers[name], String(headers[':path'])) ? undefined : { stream, session };
  }

  protected override factsOf({ stream: { sentHeaders }, session }: Http2RequestMessage): OutgoingRequest {
    const headers = headersByName(http2Headers(sentHeaders));
    return { method: String(sentHeaders[':method']), url: http2Url(sentHeaders, session), headers };
  }

  protected override addHeader(): void {
    // Its headers are on their way when the stream is there: it was added before.
  }

  protected override draftIn(message: unknown): Draft | undefined {
    const draft = message as Http2DraftMessage;
    const { session, headers: given = {} } = draft;
    if (typeof given !== 'object' || given === null) return undefined;
    const headers = headersByName(isList(given) ? given : flat(given));
    if (isUndici(session) || isExporter((name) => headers[name], String(headers[':path'] ?? '/'))) return undefined;
    const method = String(headers[':method'] ?? 'GET');
    return {
      facts: { method, url: http2Url({ ...headers, ':authority': authorityOf(headers, session) }, session), headers },
      addHeader: (name, value) => (draft.headers = withHttp2Header(given, name, value)),
    };
  }

  protected override watch(
    { stream, session }: Http2RequestMessage,
    options: OutgoingExchangeOptions,
  ): OutgoingExchange {
    const exchange = new Http2ClientExchange(stream, session, options);
    followStream(stream, currentWork(), exchange);
    return exchange;
  }
}

const UNDICI = Symbol.for('activity-audit.undici.socket.1');

/** The connections of undici, whose exchanges are recorded by {@link UndiciInstrumentation}, whatever goes over them. */
const markOnce = once(() => {
  const markSocket = (message: unknown): void => {
    const { socket } = message as { readonly socket?: object };
    if (socket) mark(socket, UNDICI);
  };
  subscribe('undici:client:connected', markSocket);
  subscribe('undici:client:sendHeaders', markSocket);
});

function isUndici(session: ClientHttp2Session): boolean {
  return !session.destroyed && (session.socket as { [UNDICI]?: boolean })[UNDICI] === true;
}

function isList(headers: object): headers is readonly string[] {
  return Array.isArray(headers);
}

/** A request that says none has that of its session. */
function authorityOf(headers: HeadersByName, session: ClientHttp2Session): string {
  return String(headers[':authority'] ?? headers['host'] ?? http2SessionAuthority(session));
}
