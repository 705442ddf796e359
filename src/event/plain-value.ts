const BINARY = 'Binary content';
export const UNREADABLE = '[Unreadable]';

/**
 * What JSON would make of an object that is more than its own properties: the result of `toJSON`, a list of a Set, an
 * object of a Map or an Error; the object itself where there is nothing to it. May throw what the object's own code throws.
 */
export function plainValue(value: object): unknown {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return BINARY;
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON('') as unknown;
  if (value instanceof Map) return objectOf(value as Map<unknown, unknown>);
  if (value instanceof Set) return [...(value as Set<unknown>)];
  if (value instanceof Error) return errorProperties(value);
  if (isBoxed(value)) return value.valueOf();
  return value;
}

/** The object's own enumerable properties in a new object. A property that can't be read is `[Unreadable]`. */
export function ownProperties(value: object): { [key: string]: unknown } {
  try {
    return withoutSymbols({ ...value });
  } catch {
    return objectOf(Object.keys(value).map((key) => [key, propertyOf(value, key)]));
  }
}

/** Sets a property of a new object, also one that is called `__proto__`. */
export function setOwn(object: { [key: string]: unknown }, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

function withoutSymbols(copy: { [key: PropertyKey]: unknown }): { [key: string]: unknown } {
  for (const symbol of Object.getOwnPropertySymbols(copy)) delete copy[symbol];
  return copy;
}

function propertyOf(value: object, key: string): unknown {
  try {
    return (value as { [key: string]: unknown })[key];
  } catch {
    return UNREADABLE;
  }
}

function objectOf(entries: Iterable<readonly [unknown, unknown]>): { [key: string]: unknown } {
  const object = {};
  for (const [key, value] of entries) setOwn(object, textOf(key), value);
  return object;
}

function textOf(key: unknown): string {
  try {
    return String(key);
  } catch {
    return UNREADABLE;
  }
}

/** Name and message first; `cause` and `errors` are not enumerable. The stack says where, not what: it is left out. */
function errorProperties(error: Error): object {
  const { name, message, cause } = error;
  const errors = error instanceof AggregateError ? { errors: error.errors as unknown } : {};
  return { name, message, ...ownProperties(error), ...(cause === undefined ? {} : { cause }), ...errors };
}

/** `new String('x')`. */
function isBoxed(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype) return false;
  return BOXED.test(Object.prototype.toString.call(value));
}

const BOXED = /^\[object (?:String|Number|Boolean|BigInt)\]$/;
