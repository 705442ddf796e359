/** What each key of an object takes. */
export type KeyRules<T> = {
  readonly [key in keyof Required<T>]: readonly [expected: string, is: (value: unknown) => boolean];
};

/**
 * Checks an object that the application gave.
 *
 * @param caller the function that was called, as the error names it
 * @throws TypeError for an unknown key, and for a value that its key doesn't take
 */
export function expectKeys<T>(caller: string, given: unknown, rules: KeyRules<T>): asserts given is T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${caller}: expected an object, got ${kindOf(given)}`);
  }
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(rules, key));
  if (unknown !== undefined) {
    throw new TypeError(`${caller}: expected one of the keys ${Object.keys(rules).join(', ')}, got ${unknown}`);
  }
  for (const [key, [expected, is]] of Object.entries<KeyRules<T>[keyof T]>(rules)) {
    const value = (given as Record<string, unknown>)[key];
    if (!is(value)) throw new TypeError(`${caller}: ${key}: expected ${expected}, got ${kindOf(value)}`);
  }
}

/** Not the value itself: it may be a secret. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? `a text of ${value.length} characters` : typeof value;
}
