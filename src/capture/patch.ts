import type { Method } from './original-method.ts';
import { wrapMethod } from './wrap-method.ts';

/** Puts a wrapper over a method of a class, which stays as enumerable as it was, for those who copy methods in a loop. */
export function patch(prototype: object, name: string, wrap: (original: Method) => object): void {
  wrapMethod(prototype, name, wrap, isEnumerable(prototype, name));
}

/** Node's own class, found by a method of it, below what frameworks put over it or applications set in its place. */
export function nodesPrototype(object: object, method: string): object {
  let found = object;
  for (let next: object | null = object; next; next = Object.getPrototypeOf(next) as object | null) {
    if (Object.hasOwn(next, method)) found = next;
  }
  return found;
}

function isEnumerable(object: object, name: string): boolean {
  for (let next: object | null = object; next; next = Object.getPrototypeOf(next) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(next, name);
    if (descriptor) return descriptor.enumerable === true;
  }
  return false;
}
