import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';

import { define } from './define.ts';
import { mark } from './mark.ts';
import type { Method } from './original-method.ts';
import { nodesPrototype, patch } from './patch.ts';

/** A message that Node sends: the response of a server, the request of a client. */
type SentMessage = ServerResponse | ClientRequest;

/** What watches the two messages of an exchange; the patched methods tell it what passes. It doesn't throw. */
export interface HttpWatcher {
  /** A chunk of the message that comes in; null at its end. */
  received(chunk: unknown, encoding: unknown): void;
  /** `destroy` of the message that comes in is being called: it was read, given up, or its connection is gone. */
  receiverDestroyed(): void;
  /** `write` or `end` of the message that goes out has taken a chunk, which may be none. */
  sent(chunk: unknown, encoding: unknown): void;
  /** The message that goes out was closed: it was sent, or never will be. */
  senderClosed(): void;
  /** Somebody is about to listen for the close of the message that goes out. */
  closeAwaited?(): void;
}

const WATCHER = Symbol.for('activity-audit.http.watcher.2');
const PATCHED = Symbol.for('activity-audit.http.patched.2');

interface Watched {
  [WATCHER]?: HttpWatcher | undefined;
}

/** What watches a message, from whichever copy of this package. */
export function watcherOf(message: IncomingMessage | SentMessage): HttpWatcher | undefined {
  return (message as Watched)[WATCHER];
}

/** Lets `watcher` see what passes through messages, without a listener on any: through all of them or, if it throws, none. */
export function watch(watcher: HttpWatcher, ...messages: readonly (IncomingMessage | SentMessage)[]): void {
  for (const message of messages) if (!(PATCHED in message)) patchClassOf(message);
  for (const message of messages) define(message, WATCHER, watcher, false);
}

export function unwatch(message: IncomingMessage | SentMessage): void {
  (message as Watched)[WATCHER] = undefined;
}

type WatchedSender = Watched & Pick<SentMessage, 'writableEnded' | 'destroyed'>;

function patchClassOf(message: IncomingMessage | SentMessage): void {
  if ('rawHeaders' in message) patchReceived(nodesPrototype(message, '_dump'));
  else patchSent(nodesPrototype(message, 'assignSocket' in message ? 'assignSocket' : 'onSocket'));
}

/**
 * Patches the prototypes of Node's messages, once a process, by hand: shimmer's marks would make OpenTelemetry's
 * instrumentations take our wrapper off. An object that nobody watches costs one property look-up a call, which measured
 * cheaper than shadowing the methods on each object that somebody does.
 */
function patchReceived(prototype: object): void {
  if (!mark(prototype, PATCHED)) return;
  patch(prototype, 'push', (original) => {
    return function push(this: Watched, chunk: unknown, encoding: unknown) {
      this[WATCHER]?.received(chunk, encoding);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, 'destroy', (original) => {
    return function destroy(this: Watched, _error: unknown, _callback: unknown) {
      this[WATCHER]?.receiverDestroyed();
      return Reflect.apply(original, this, arguments);
    };
  });
}

/** @param prototype that of `ServerResponse` or of `ClientRequest` */
export function patchSent(prototype: object): void {
  if (!mark(prototype, PATCHED)) return;
  patch(prototype, 'write', (original) => {
    return function write(this: WatchedSender, chunk: unknown, encoding: unknown, _callback: unknown) {
      return passing(original, this, arguments, chunk, encoding);
    };
  });
  patch(prototype, 'end', (original) => {
    return function end(this: WatchedSender, chunk: unknown, encoding: unknown, _callback: unknown) {
      return passing(original, this, arguments, chunk, encoding);
    };
  });
  patch(prototype, 'emit', (original) => {
    return function emit(this: WatchedSender, name: unknown) {
      if (name === 'close' && this.destroyed) this[WATCHER]?.senderClosed();
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(prototype, 'on', (original) => {
    return function on(this: WatchedSender, name: unknown, _listener: unknown) {
      if (name === 'close') this[WATCHER]?.closeAwaited?.();
      return Reflect.apply(original, this, arguments);
    };
  });
}

/** Calls `write` or `end`, and tells of the chunk if it was taken: Node throws for one that it can't send. */
function passing(
  original: Method,
  sender: WatchedSender,
  args: IArguments,
  chunk: unknown,
  encoding: unknown,
): unknown {
  const watcher = sender[WATCHER];
  if (!watcher || sender.writableEnded || sender.destroyed) return Reflect.apply(original, sender, args);
  const result = Reflect.apply(original, sender, args);
  watcher.sent(chunk, encoding);
  return result;
}
