/** What options must be: a TypeError says where, what was expected, and what was got instead, but no text, which may be a secret. */

/** Only options that are known. */
export function expectOnly(options: unknown, known: readonly string[], where: string): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${where}: expected an object with options, got ${kindOf(options)}`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${where}: expected the options ${known.toSorted().join(', ')}, got ${unknown}`);
}

/** At most one of the options that are named. */
export function expectOneOf(options: object, names: readonly string[], where: string): void {
  const got = names.filter((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (got.length > 1) throw new TypeError(`${where}: expected one of ${names.join(', ')}, got ${got.join(' and ')}`);
}

/** A whole number from `least` to `most`. */
export function expectWhole(value: unknown, least: number, most: number, where: string): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new TypeError(
    `${where}: expected a whole number from ${least} to ${most}, got ${typeof value === 'number' ? value : kindOf(value)}`,
  );
}

/** A text that isn't empty. */
export function expectText(value: unknown, where: string): asserts value is string {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${where}: expected a text, got ${value === '' ? 'an empty one' : kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
