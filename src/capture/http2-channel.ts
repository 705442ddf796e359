import { channel } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';

import { type Work, runInWork } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { nodesPrototype, patch } from './patch.ts';
import { flat } from './http2-headers.ts';
import { onHttp2Loaded } from './http2-loaded.ts';
import { workOfStream } from './http2-stream.ts';
import { once } from './once.ts';
import { mark } from './mark.ts';
import type { Method } from './original-method.ts';

/** A stream that a session is about to hand to its listeners, or that a handler pushes. */
export interface Http2StreamMessage {
  readonly stream: ServerHttp2Stream;
  readonly session: ServerHttp2Session;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value …: as sent. */
  readonly rawHeaders: readonly string[];
  /** The work in hand for the listeners, which a subscriber may say; for a push, that of the stream it belongs to. */
  work?: Work | undefined;
  /** What is done in place of handing it over, if a subscriber says so; `serve` does that after all. Not for a push. */
  instead?: (serve: () => void) => void;
}

/** Ours: that of newer Nodes neither has the headers as sent nor can say the work in hand. */
export const HTTP2_STREAM_CHANNEL = 'activity-audit.http2.server.stream.1';

const streams = channel(HTTP2_STREAM_CHANNEL);

const PUBLISHED = Symbol.for('activity-audit.http2.streams.1');

/** Has all sessions of HTTP/2 servers publish their streams, once `node:http2` is loaded. */
export const publishStreams: () => void = once(() => {
  onHttp2Loaded(({ serverSession }) => {
    if (mark(serverSession, PUBLISHED)) patch(serverSession, 'emit', publishing);
  });
});

function publishing(original: Method): object {
  return function emit(this: ServerHttp2Session, name: unknown) {
    if (name !== 'stream' || !streams.hasSubscribers) return Reflect.apply(original, this, arguments);
    const message = guard('watching a stream', () => publish(this, arguments));
    const { work, instead } = message ?? {};
    const emitNow = (): unknown => Reflect.apply(original, this, arguments);
    const serve = (): unknown => (work ? runInWork(work, emitNow) : emitNow());
    if (!instead) return serve();
    instead(serve);
    return true;
  };
}

/** What Node emits; applications and their tests emit what they like. */
function publish(session: ServerHttp2Session, emitted: ArrayLike<unknown>): Http2StreamMessage | undefined {
  const { 1: stream, 2: headers, 4: rawHeaders } = emitted as unknown as Partial<StreamEvent>;
  if (!stream || !headers || !rawHeaders || !('pushStream' in stream)) return undefined;
  const prototype = nodesPrototype(stream, 'pushStream');
  if (mark(prototype, PUBLISHED)) patch(prototype, 'pushStream', publishingPushes);
  const message: Http2StreamMessage = { stream, session, headers, rawHeaders };
  streams.publish(message);
  return message;
}

interface StreamEvent {
  readonly 1: ServerHttp2Stream;
  readonly 2: IncomingHttpHeaders;
  readonly 4: readonly string[];
}

/** A stream that is pushed is handed to the callback alone. */
function publishingPushes(original: Method): object {
  return function pushStream(this: ServerHttp2Stream, _headers: unknown, options: unknown, _callback: unknown) {
    const at = typeof options === 'function' ? 1 : 2;
    const args = [...arguments] as unknown[];
    const callback = args[at];
    if (typeof callback !== 'function') return Reflect.apply(original, this, arguments);
    const work = workOfStream(this);
    args[at] = function (this: unknown, _error: unknown, stream?: ServerHttp2Stream, headers?: IncomingHttpHeaders) {
      if (stream && headers && streams.hasSubscribers) {
        guard('watching a pushed stream', () => publishPush(stream, headers, work));
      }
      return Reflect.apply(callback as Method, this, arguments);
    };
    return Reflect.apply(original, this, args);
  };
}

function publishPush(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, work: Work | undefined): void {
  const { session } = stream;
  if (session) streams.publish({ stream, session, headers, rawHeaders: flat(headers), work });
}
