import type { IncomingMessage, ServerResponse } from 'node:http';

/** What watches one request and its response; the patched methods tell it what passes. It doesn't throw. */
export interface HttpWatcher {
  requestChunk(chunk: unknown, encoding: unknown): void;
  /** `request.destroy` is being called: it was read to its end, somebody gave it up, or its connection is gone. */
  requestDestroyed(): void;
  /** `response.write` or `response.end` has taken a chunk, which may be none. */
  responseChunk(chunk: unknown, encoding: unknown): void;
  /** The response was closed: it was sent, or never will be. */
  responseClosed(): void;
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
  patchOnce(request, response);
  define(request, WATCHER, watcher, false);
  define(response, WATCHER, watcher, false);
}

export function unwatch(request: IncomingMessage, response: ServerResponse): void {
  (request as Watched)[WATCHER] = undefined;
  (response as Watched)[WATCHER] = undefined;
}

type Method = (...args: unknown[]) => unknown;
type Prototype = Record<string, Method>;
type WatchedResponse = Watched & Pick<ServerResponse, 'writableEnded' | 'destroyed'>;

/**
 * Patches the prototypes of Node's request and response, once a process, by hand: shimmer's marks would make
 * OpenTelemetry's instrumentations take our wrapper off. An object that nobody watches costs one property look-up a
 * call, which measured cheaper than shadowing the methods on each object that somebody does.
 */
function patchOnce(request: IncomingMessage, response: ServerResponse): void {
  if (PATCHED in response) return;
  const requests = nodesPrototype(request, '_dump');
  const responses = nodesPrototype(response, 'assignSocket');
  define(requests, PATCHED, true, false);
  define(responses, PATCHED, true, false);

  patch(requests, 'push', (original) => {
    return function push(this: Watched, chunk: unknown, encoding: unknown) {
      this[WATCHER]?.requestChunk(chunk, encoding);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(requests, 'destroy', (original) => {
    return function destroy(this: Watched, _error: unknown, _callback: unknown) {
      this[WATCHER]?.requestDestroyed();
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(responses, 'write', (original) => {
    return function write(this: WatchedResponse, chunk: unknown, encoding: unknown, _callback: unknown) {
      return passing(original, this, arguments, chunk, encoding);
    };
  });
  patch(responses, 'end', (original) => {
    return function end(this: WatchedResponse, chunk: unknown, encoding: unknown, _callback: unknown) {
      return passing(original, this, arguments, chunk, encoding);
    };
  });
  patch(responses, 'emit', (original) => {
    return function emit(this: WatchedResponse, name: unknown) {
      if (name === 'close' && this.destroyed) this[WATCHER]?.responseClosed();
      return Reflect.apply(original, this, arguments);
    };
  });
}

/** Calls `write` or `end`, and tells of the chunk if it was taken: Node throws for one that it can't send. */
function passing(
  original: Method,
  response: WatchedResponse,
  args: IArguments,
  chunk: unknown,
  encoding: unknown,
): unknown {
  const watcher = response[WATCHER];
  if (!watcher || response.writableEnded || response.destroyed) return Reflect.apply(original, response, args);
  const result = Reflect.apply(original, response, args);
  watcher.responseChunk(chunk, encoding);
  return result;
}

/** Node's own class, found by a method of it, below what frameworks put over it or applications set in its place. */
function nodesPrototype(object: object, method: string): Prototype {
  let found = object;
  for (let next: object | null = object; next; next = Object.getPrototypeOf(next) as object | null) {
    if (Object.hasOwn(next, method)) found = next;
  }
  return found as Prototype;
}

/**
 * Puts a wrapper over a method. One that is inherited is looked up at each call, for those who patch it later where it
 * belongs; it stays as enumerable as it was, for those who copy methods in a loop.
 */
function patch(prototype: Prototype, name: string, wrap: (original: Method) => unknown): void {
  const parent = Object.getPrototypeOf(prototype) as Prototype;
  const original = Object.hasOwn(prototype, name)
    ? (prototype[name] as Method)
    : function (this: unknown) {
        return Reflect.apply(parent[name] as Method, this, arguments) as unknown;
      };
  define(prototype, name, wrap(original), isEnumerable(prototype, name));
}

function isEnumerable(object: object, name: string): boolean {
  for (let next: object | null = object; next; next = Object.getPrototypeOf(next) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(next, name);
    if (descriptor) return descriptor.enumerable === true;
  }
  return false;
}

/** A later wrapper, such as shimmer's, can go over it. */
function define(object: object, name: string | symbol, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true });
}
