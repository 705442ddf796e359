/** Defines a property that later wrappers, such as shimmer's, can go over. */
export function define(object: object, name: string | symbol, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true });
}
