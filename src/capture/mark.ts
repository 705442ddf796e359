import { define } from './define.ts';

/** Marks an object. Returns whether it is the first time, also where other copies of this package do the same. */
export function mark(object: object, symbol: symbol): boolean {
  if (symbol in object) return false;
  define(object, symbol, true, false);
  return true;
}
