/**
 * What a function of the application returned, which should only look: a promise comes too late, and its rejection must
 * not end the process.
 *
 * @throws TypeError for a promise
 */
export function settled<T>(value: T, where: string, expected: string): T {
  if (!(value instanceof Promise)) return value;
  value.catch(() => undefined);
  throw new TypeError(`${where}: expected ${expected}, got a promise`);
}
