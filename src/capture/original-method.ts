export type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * The method of an object that a wrapper is about to be put over. One that is inherited is looked up at each call, for
 * those who patch it later where it belongs.
 */
export function originalMethod(object: object, name: string): Method {
  if (Object.hasOwn(object, name)) return (object as Record<string, Method>)[name] as Method;
  const parent = Object.getPrototypeOf(object) as Record<string, Method>;
  return function () {
    return Reflect.apply(parent[name] as Method, this, arguments);
  };
}
