import type { Method } from './original-method.ts';
import { wrapMethod } from './wrap-method.ts';

/**
 * Puts a wrapper over a method of one object, where listings of its properties don't show it.
 *
 * @returns what takes the wrapper off again, unless somebody has put another one over it
 */
export function shadow(object: object, name: string, wrap: (original: Method) => Method): () => void {
  const own = Object.getOwnPropertyDescriptor(object, name);
  const wrapper = wrapMethod(object, name, wrap, false);
  return () => {
    if (Object.getOwnPropertyDescriptor(object, name)?.value !== wrapper) return;
    if (own) Object.defineProperty(object, name, own);
    else delete (object as Record<string, unknown>)[name];
  };
}
