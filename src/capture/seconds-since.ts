/**
 * How long something took, as records say it: to a microsecond.
 *
 * @param start milliseconds, on the clock of `performance.now`, as is `end`
 */
export function secondsSince(start: number, end: number = performance.now()): number {
  return Math.round((end - start) * 1000) / 1e6;
}
