import { currentAsker, runForAsker } from './asker.ts';
import type { Method } from './original-method.ts';
import { onFileLoaded } from './module-files.ts';
import { once } from './once.ts';
import { mark } from './mark.ts';
import { patch } from './patch.ts';

/**
 * Has the requests of `http2-wrapper`, which `got` asks over HTTP/2, go out in the work that made them. Those that wait for
 * a session, its agent sends in the work of the one that opened it, or that has made room on it.
 */
export const keepWorkOfRequests: () => void = once(() => {
  onFileLoaded('http2-wrapper/source/agent.js', (exports) => {
    const { prototype } = (exports as { readonly Agent: { readonly prototype: object } }).Agent;
    if (mark(prototype, KEPT)) patch(prototype, 'getSession', keeping);
  });
});

const KEPT: unique symbol = Symbol.for('activity-audit.http2-wrapper.kept.1');

/** What waits for a session. The agent hands on what still waits to this method again. */
interface Waiting {
  readonly resolve: (session: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly [KEPT]?: true;
}

function keeping(original: Method): object {
  return function getSession(this: unknown, _origin: unknown, _options: unknown, listeners: unknown) {
    if (!Array.isArray(listeners)) return Reflect.apply(original, this, arguments);
    const args = [...arguments] as unknown[];
    args[2] = (listeners as (Waiting | undefined)[]).map((one) => (!one || one[KEPT] ? one : kept(one)));
    return Reflect.apply(original, this, args);
  };
}

function kept(waiting: Waiting): Waiting {
  const asker = currentAsker();
  return {
    resolve: (session) => runForAsker(asker, () => waiting.resolve(session)),
    reject: (error) => waiting.reject(error),
    [KEPT]: true,
  };
}
