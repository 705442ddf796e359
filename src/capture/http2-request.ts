import type { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

import { type UserOf, conventionalUser } from './actor-finder.ts';
import { define } from './define.ts';
import type { Http2StreamMessage } from './http2-channel.ts';
import { mark } from './mark.ts';
import { shadow } from './shadow.ts';

/**
 * A request over HTTP/2 as `ignoreIncomingRequestHook` sees it: before a handler does, and whether that gets the stream
 * or a request of Node's compatibility API.
 */
export class Http2Request {
  readonly httpVersion = '2.0';
  readonly httpVersionMajor = 2;
  readonly httpVersionMinor = 0;
  readonly method: string;
  /** Path and query; of a CONNECT, host and port. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value …: as sent. */
  readonly rawHeaders: readonly string[];
  readonly stream: ServerHttp2Stream;
  /** The connection of the session. */
  readonly socket: Partial<Socket>;
  /** What handlers of the compatibility API get, once they do: they log users in there. */
  compatible: IncomingMessage | undefined;

  constructor({ stream, session, headers, rawHeaders }: Http2StreamMessage) {
    this.method = headers[':method'] ?? '';
    this.url = headers[':path'] ?? headers[':authority'] ?? headers.host ?? '';
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.stream = stream;
    this.socket = session.destroyed ? {} : session.socket;
    define(stream, REQUEST, this, false);
    if (session.server) followRequests(session.server);
  }

  /** As the rules of incoming requests take it. */
  asMessage(): IncomingMessage {
    return this as unknown as IncomingMessage;
  }
}

/** Given what the handlers get; without a `userOf`, it is looked for in the usual places of that, or of the stream. */
export function http2UserOf(userOf: UserOf | undefined): UserOf {
  return (message) => {
    const { compatible, stream } = message as unknown as Http2Request;
    return userOf ? userOf(compatible ?? message) : conventionalUser(compatible ?? stream);
  };
}

const REQUEST = Symbol.for('activity-audit.http2.request.1');
const FOLLOWED = Symbol.for('activity-audit.http2.requests.1');

/** The method `emit` is shadowed on the server, not patched on its class, as for upgrades. */
function followRequests(server: object): void {
  if (!mark(server, FOLLOWED)) return;
  shadow(server, 'emit', (original) => {
    return function emit(this: unknown, name: unknown, request: unknown) {
      if (COMPATIBLE.has(name)) follow(request as IncomingMessage);
      return Reflect.apply(original, this, arguments);
    };
  });
}

/** The events whose listeners get a request of the compatibility API. */
const COMPATIBLE: ReadonlySet<unknown> = new Set(['request', 'checkContinue', 'checkExpectation', 'connect']);

/** They live and die together. One over HTTP/1 has no stream. */
function follow(compatible: IncomingMessage & { readonly stream?: { [REQUEST]?: Http2Request } }): void {
  const request = compatible?.stream?.[REQUEST];
  if (!request) return;
  request.compatible = compatible;
  define(compatible, REQUEST, request, false);
}
