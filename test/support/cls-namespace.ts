import { AsyncLocalStorage } from 'node:async_hooks';

/** What `Sequelize.useCLS` takes, as the package `cls-hooked` makes it. */
export interface Namespace {
  bind(fn: Function): Function;
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  run(fn: (context: unknown) => unknown): unknown;
}

export function newNamespace(): Namespace {
  const store = new AsyncLocalStorage<Map<string, unknown>>();
  return {
    bind: (fn) => fn,
    get: (key) => store.getStore()?.get(key),
    set: (key, value) => store.getStore()?.set(key, value),
    run: (fn) => store.run(new Map(store.getStore()), () => fn(store.getStore())),
  };
}
