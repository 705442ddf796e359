import { channel } from 'node:diagnostics_channel';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

import { patch } from './patch.ts';
import { onHttp2Loaded } from './http2-loaded.ts';
import { mark } from './mark.ts';
import { once } from './once.ts';

/** A request that the application has just made on a session. */
export interface Http2RequestMessage {
  readonly stream: ClientHttp2Stream;
  readonly session: ClientHttp2Session;
}

/** The channel that tells of each request of an HTTP/2 client, in the work that makes it. Only newer Nodes have one. */
export function http2RequestChannel(): string {
  publishOnce();
  return OURS;
}

const OURS = 'activity-audit.http2.client.request.1';
const PUBLISHED = Symbol.for('activity-audit.http2.requested.1');

const requests = channel(OURS);

const publishOnce = once(() => {
  onHttp2Loaded(({ clientSession }) => {
    if (!mark(clientSession, PUBLISHED)) return;
    patch(clientSession, 'request', (original) => {
      return function request(this: ClientHttp2Session, _headers: unknown, _options: unknown) {
        const stream = Reflect.apply(original, this, arguments) as ClientHttp2Stream;
        if (requests.hasSubscribers) requests.publish({ stream, session: this });
        return stream;
      };
    });
  });
});
