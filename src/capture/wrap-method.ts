import { define } from './define.ts';
import { type Method, originalMethod } from './original-method.ts';

/** Puts a wrapper over a method of an object, with the method's name and length, and returns it. */
export function wrapMethod(
  object: object,
  name: string,
  wrap: (original: Method) => object,
  enumerable: boolean,
): object {
  const shown = (object as Record<string, Method>)[name] as Method;
  const wrapper = wrap(originalMethod(object, name));
  for (const key of ['name', 'length'] as const) Object.defineProperty(wrapper, key, { value: shown[key] });
  define(object, name, wrapper, enumerable);
  return wrapper;
}
