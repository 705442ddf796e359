import { channel } from 'node:diagnostics_channel';

import { guard } from '../event/guard.ts';
import { type Asker, currentAsker } from './asker.ts';
import { define } from './define.ts';
import { onFileLoaded } from './module-files.ts';
import { once } from './once.ts';
import type { Method } from './original-method.ts';
import { symbolOf } from './symbol-of.ts';

/** What the pools of undici 6 and 7 are built on, in whichever folder of it. */
const FILE = 'pool-base.js';

const created = channel('undici:request:create');

/** By the handler of a request. */
const askers = new WeakMap<object, Asker>();

const patched = new WeakSet<object>();

/**
 * Remembers who asks a pool of undici for a request, in every copy that is loaded from now on. Where all connections
 * of the pool are busy, it creates the request later, in the work of whoever has left one of them.
 */
export const watchPoolsOnce: () => void = once(() => {
  onFileLoaded(FILE, (exports) =>
    watchPool((exports as { readonly PoolBase?: { readonly prototype: object } }).PoolBase),
  );
});

/** Who asked for a request of undici, if a pool was asked. */
export function poolAsker(request: object): Asker | undefined {
  const handler = (request as Record<symbol, unknown>)[symbolOf(request, 'handler') ?? NONE];
  return typeof handler === 'object' && handler !== null ? askers.get(handler) : undefined;
}

const NONE = Symbol('none');

function watchPool(poolBase: { readonly prototype: object } | undefined): void {
  const dispatchKey = poolBase && symbolOf(poolBase.prototype, 'dispatch');
  if (!dispatchKey || patched.has(poolBase.prototype)) return;
  patched.add(poolBase.prototype);
  const dispatch = (poolBase.prototype as Record<symbol, Method>)[dispatchKey] as Method;
  define(poolBase.prototype, dispatchKey, wrapper(dispatch), false);
}

function wrapper(dispatch: Method): Method {
  return function (this: unknown, _options: unknown, handler: unknown) {
    if (created.hasSubscribers) {
      guard('watching a pool', () => void askers.set(handler as object, currentAsker()));
    }
    return Reflect.apply(dispatch, this, arguments);
  };
}
