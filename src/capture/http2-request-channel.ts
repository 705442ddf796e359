import { channel } from 'node:diagnostics_channel';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';

import { patch } from './patch.ts';
import { onHttp2Loaded } from './http2-loaded.ts';
import { mark } from './mark.ts';
import { once } from './once.ts';

/** A request that the application has just made on a session. */
export interface Http2RequestMessage {
  readonly stream: ClientHttp2Stream;
  readonly session: ClientHttp2Session;
}

/** A request that the application is about to make. A subscriber may put other headers in the place of those. */
export interface Http2DraftMessage {
  readonly session: ClientHttp2Session;
  /** As they were given: an object, a list of name, value, name, value … (on newer Nodes), or nothing. */
  headers: OutgoingHttpHeaders | readonly string[] | undefined;
}

/** Tells of a request before {@link http2RequestChannel} does, while its headers aren't on their way yet. */
export const HTTP2_DRAFT_CHANNEL = 'activity-audit.http2.client.draft.1';

const drafts = channel(HTTP2_DRAFT_CHANNEL);

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
        const args = drafts.hasSubscribers ? drafted(this, arguments) : arguments;
        const stream = Reflect.apply(original, this, args) as ClientHttp2Stream;
        if (requests.hasSubscribers) requests.publish({ stream, session: this });
        return stream;
      };
    });
  });
});

/** What `request` is to be called with. */
function drafted(session: ClientHttp2Session, args: ArrayLike<unknown>): ArrayLike<unknown> {
  const given = args[0] as Http2DraftMessage['headers'];
  const draft: Http2DraftMessage = { session, headers: given };
  drafts.publish(draft);
  return draft.headers === given ? args : [draft.headers, ...Array.from(args).slice(1)];
}
