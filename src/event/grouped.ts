import { setOwn } from './plain-value.ts';

/** Named values as an object, each name where it came first; the values of one that comes several times are a list. */
export function grouped<T>(pairs: Iterable<readonly [name: string, value: T]>): { [name: string]: T | T[] } {
  const byName = new Map<string, T[]>();
  for (const [name, value] of pairs) {
    const values = byName.get(name);
    if (values) values.push(value);
    else byName.set(name, [value]);
  }
  const object: { [name: string]: T | T[] } = {};
  for (const [name, values] of byName) setOwn(object, name, values.length === 1 ? values[0] : values);
  return object;
}
