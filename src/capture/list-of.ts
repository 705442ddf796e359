/** What is given as a list, as one alone, or not at all. */
export function listOf(given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given;
  return given === null || given === undefined ? [] : [given];
}
