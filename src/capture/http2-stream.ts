import type { Http2Stream } from 'node:http2';

import { type Work, currentWork, isSameRequest, runInWork } from '../context/work.ts';
import { define } from './define.ts';
import { mark } from './mark.ts';
import { nodesPrototype, patch } from './patch.ts';

/** What watches a stream; the patched methods tell it what passes. It doesn't throw. */
export interface StreamWatcher {
  /** A chunk that comes in; null at the end. */
  received(chunk: unknown, encoding: unknown): void;
  /** A chunk was handed on to be sent. */
  sent(chunk: unknown, encoding: unknown): void;
  /** It is being destroyed: it was closed before, or is broken off now. */
  destroying(): void;
  /** An event, with its name and values, is about to happen. */
  emitting(event: ArrayLike<unknown>): void;
}

interface Followed {
  readonly work: Work | undefined;
  watcher: StreamWatcher | undefined;
}

const FOLLOWED = Symbol.for('activity-audit.http2.followed.1');
const PATCHED = Symbol.for('activity-audit.http2.patched.1');

interface FollowedStream {
  [FOLLOWED]?: Followed;
}

/** Whether a stream is being followed, by whichever copy of this package. */
export function isFollowed(stream: Http2Stream): boolean {
  return FOLLOWED in stream;
}

/** The work that the events of a stream happen in. */
export function workOfStream(stream: Http2Stream): Work | undefined {
  return (stream as FollowedStream)[FOLLOWED]?.work;
}

/**
 * Has all events of a stream happen in `work`, since Node would have them happen in that of whoever opened the session,
 * and lets `watcher`, if there is one, see what passes: without a listener on the stream.
 */
export function followStream(stream: Http2Stream, work: Work | undefined, watcher?: StreamWatcher): void {
  const prototype = nodesPrototype(stream, 'sendTrailers');
  if (mark(prototype, PATCHED)) patchStreams(prototype);
  const followed: Followed = { work, watcher };
  define(stream, FOLLOWED, followed, false);
}

export function unwatchStream(stream: Http2Stream): void {
  const followed = (stream as FollowedStream)[FOLLOWED];
  if (followed) followed.watcher = undefined;
}

/** Once a process, by hand, as the messages of HTTP/1 are. */
function patchStreams(prototype: object): void {
  patch(prototype, 'push', (original) => {
    return function push(this: FollowedStream, chunk: unknown, encoding: unknown) {
      this[FOLLOWED]?.watcher?.received(chunk, encoding);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, '_write', (original) => {
    return function _write(this: FollowedStream, chunk: unknown, encoding: unknown, _callback: unknown) {
      this[FOLLOWED]?.watcher?.sent(chunk, encoding);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, '_writev', (original) => {
    return function _writev(this: FollowedStream, chunks: unknown, _callback: unknown) {
      const watcher = this[FOLLOWED]?.watcher;
      if (watcher) for (const { chunk, encoding } of chunks as Chunk[]) watcher.sent(chunk, encoding);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, '_destroy', (original) => {
    return function _destroy(this: FollowedStream, _error: unknown, _callback: unknown) {
      this[FOLLOWED]?.watcher?.destroying();
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, 'emit', (original) => {
    return function emit(this: FollowedStream, _name: unknown) {
      const followed = this[FOLLOWED];
      if (!followed) return Reflect.apply(original, this, arguments);
      followed.watcher?.emitting(arguments);
      const { work } = followed;
      // A handler may have given a stretch of its request another actor.
      if (isSameRequest(currentWork(), work)) return Reflect.apply(original, this, arguments);
      return runInWork(work, () => Reflect.apply(original, this, arguments));
    };
  });
}

interface Chunk {
  readonly chunk: unknown;
  readonly encoding: unknown;
}
