import type { IncomingMessage, ServerResponse } from 'node:http';

/** What watches one request and its response; the patched methods tell it what passes. It doesn't throw. */
export interface HttpWatcher {
  requestChunk(chunk: unknown, encoding: unknown): void;
  responseChunk(chunk: unknown, encoding: unknown): void;
  /** `response.end` is being called. */
  responseEnding(): void;
  /** The response was closed: it was sent, or never will be. */
  responseClosed(): void;
  /** The request was destroyed: it was read to its end, or the connection is gone. */
  requestDestroyed(): void;
}

const WATCHER = Symbol.for('activity-audit.http.watcher.1');
const PATCHED = Symbol.for('activity-audit.http.patched.1');

interface Watched {
  [WATCHER]?: HttpWatcher | undefined;
}

/** Whether a request is being watched, by whichever copy of this package. */
export function isWatched(request: IncomingMessage): boolean {
  return (request as Watched)[WATCHER] !== undefined;
}

/** Lets `watcher` see what passes through a request and its response, without a listener on either. */
export function watch(request: IncomingMessage, response: ServerResponse, watcher: HttpWatcher): void {
  patchOnce();
  (request as Watched)[WATCHER] = watcher;
  (response as Watched)[WATCHER] = watcher;
}

export function unwatch(request: IncomingMessage, response: ServerResponse): void {
  (request as Watched)[WATCHER] = undefined;
  (response as Watched)[WATCHER] = undefined;
}

/**
 * Patches the prototypes of Node's request and response, once a process, by hand: shimmer's marks would make
 * OpenTelemetry's instrumentations take our wrapper off. An object that nobody watches costs one property look-up a
 * call, which measured cheaper than shadowing the methods on each object that somebody does.
 *
 * Node's HTTP module is asked for when the first request is there, not to load it into a process that has no use for it.
 */
function patchOnce(): void {
  const http = process.getBuiltinModule('node:http');
  const request = http.IncomingMessage.prototype as unknown as RequestPrototype;
  const response = http.ServerResponse.prototype as unknown as ResponsePrototype;
  if (request[PATCHED]) return;
  define(request, PATCHED, true);

  const { push, _destroy } = request;
  define(request, 'push', function (this: Watched, chunk: unknown, encoding: unknown) {
    this[WATCHER]?.requestChunk(chunk, encoding);
    return Reflect.apply(push, this, arguments);
  });
  define(request, '_destroy', function (this: Watched, _error: unknown, _callback: unknown) {
    this[WATCHER]?.requestDestroyed();
    return Reflect.apply(_destroy, this, arguments);
  });

  const { write, end, emit } = response;
  define(response, 'write', function (this: WatchedResponse, chunk: unknown, encoding: unknown, _callback: unknown) {
    if (!this.writableEnded) this[WATCHER]?.responseChunk(chunk, encoding);
    return Reflect.apply(write, this, arguments);
  });
  define(response, 'end', function (this: WatchedResponse, chunk: unknown, encoding: unknown, _callback: unknown) {
    if (!this.writableEnded) {
      this[WATCHER]?.responseChunk(chunk, encoding);
      this[WATCHER]?.responseEnding();
    }
    return Reflect.apply(end, this, arguments);
  });
  define(response, 'emit', function (this: Watched, name: unknown) {
    if (name === 'close') this[WATCHER]?.responseClosed();
    return Reflect.apply(emit, this, arguments);
  });
}

type Method = (...args: unknown[]) => unknown;
type WatchedResponse = Watched & { readonly writableEnded: boolean };
interface RequestPrototype {
  readonly push: Method;
  readonly _destroy: Method;
  readonly [PATCHED]?: true;
}
interface ResponsePrototype {
  readonly write: Method;
  readonly end: Method;
  readonly emit: Method;
}

/** Not enumerable, as methods of a class are; a later wrapper, such as shimmer's, can go over it. */
function define(prototype: object, name: string | symbol, value: unknown): void {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}
