import { AsyncLocalStorage } from 'node:async_hooks';

import { type Context, type ContextManager, ROOT_CONTEXT, context, trace } from '@opentelemetry/api';

/** Calls `fn` with `active` as OpenTelemetry's context, as an SDK would have it, and no context before or after. */
export async function inContext<T>(active: Context, fn: () => Promise<T>): Promise<T> {
  context.setGlobalContextManager(newManager());
  try {
    return await context.with(active, fn);
  } finally {
    context.disable();
  }
}

/** The id of the span that has a number. */
export function spanId(number: number): string {
  return `b7ad6b71692033${String(number).padStart(2, '0')}`;
}

/** Calls `fn` where the span that has a number is the active one, {@link inContext} being in force. */
export function inSpan<T>(number: number, fn: () => T): T {
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: spanId(number), traceFlags: 1 };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, span), fn);
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
