type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Puts a wrapper over a method of one object, where listings of its properties don't show it, with the method's name and
 * length. What is inherited is looked up at each call, for those who patch it where it belongs.
 *
 * @returns what takes the wrapper off again, unless somebody has put another one over it
 */
export function shadow(object: object, name: string, wrap: (original: Method) => Method): () => void {
  const shown = (object as Record<string, Method>)[name] as Method;
  const own = Object.getOwnPropertyDescriptor(object, name);
  const inherited: Method = function () {
    return Reflect.apply((Object.getPrototypeOf(object) as Record<string, Method>)[name] as Method, this, arguments);
  };
  const wrapper = wrap(own ? shown : inherited);
  for (const key of ['name', 'length'] as const) Object.defineProperty(wrapper, key, { value: shown[key] });
  Object.defineProperty(object, name, { value: wrapper, enumerable: false, writable: true, configurable: true });
  return () => {
    if (Object.getOwnPropertyDescriptor(object, name)?.value !== wrapper) return;
    if (own) Object.defineProperty(object, name, own);
    else delete (object as Record<string, unknown>)[name];
  };
}
