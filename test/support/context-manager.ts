import { AsyncLocalStorage } from 'node:async_hooks';

import { type Context, type ContextManager, ROOT_CONTEXT, context } from '@opentelemetry/api';

/** Calls `fn` with `active` as OpenTelemetry's context, as an SDK would have it, and no context before or after. */
export async function inContext<T>(active: Context, fn: () => Promise<T>): Promise<T> {
  context.setGlobalContextManager(newManager());
  try {
    return await context.with(active, fn);
  } finally {
    context.disable();
  }
}

function newManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, fn, thisArg, ...args) => storage.run(active, () => fn.apply(thisArg, args)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
