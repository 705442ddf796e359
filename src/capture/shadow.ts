import { define } from './define.ts';
import { type Method, originalMethod } from './original-method.ts';

/**
 * Puts a wrapper over a method of one object, where listings of its properties don't show it, with the method's name and
 * length.
 *
 * @returns what takes the wrapper off again, unless somebody has put another one over it
 */
export function shadow(object: object, name: string, wrap: (original: Method) => Method): () => void {
  const shown = (object as Record<string, Method>)[name] as Method;
  const own = Object.getOwnPropertyDescriptor(object, name);
  const wrapper = wrap(originalMethod(object, name));
  for (const key of ['name', 'length'] as const) Object.defineProperty(wrapper, key, { value: shown[key] });
  define(object, name, wrapper, false);
  return () => {
    if (Object.getOwnPropertyDescriptor(object, name)?.value !== wrapper) return;
    if (own) Object.defineProperty(object, name, own);
    else delete (object as Record<string, unknown>)[name];
  };
}
