import type { IncomingMessage, Server } from 'node:http';

import { shadow } from './shadow.ts';

/** The events by which a server hands a request over to be served. */
const SERVING: ReadonlySet<unknown> = new Set(['request', 'checkContinue', 'checkExpectation']);

/**
 * Has `instead` run in place of what a server does with a request next: it emits an event, in this turn of the event loop,
 * unless it answers by itself. The method `emit` is shadowed on this one server until then, and never otherwise.
 *
 * @param instead is given what emits the event after all
 */
export function insteadOfServing(server: Server, request: IncomingMessage, instead: (serve: () => void) => void): void {
  let awaited: IncomingMessage | undefined = request;
  const undo = shadow(server, 'emit', (original) => {
    return function emit(this: unknown, name: unknown, given: unknown) {
      if (awaited === undefined || given !== awaited || !SERVING.has(name))
        return Reflect.apply(original, this, arguments);
      stop();
      const args = [...arguments] as Parameters<Server['emit']>;
      instead(() => void server.emit(...args));
      return true;
    };
  });
  const stop = (): void => {
    awaited = undefined;
    undo();
  };
  queueMicrotask(stop);
}
