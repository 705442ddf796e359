/**
 * The last value of a header, `""` if it is absent.
 *
 * @param headers name, value, name, value …
 * @param wanted its name in lower case
 */
export function headerOf(headers: readonly string[], wanted: string): string {
  let found = '';
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length === wanted.length && name.toLowerCase() === wanted) found = headers[i + 1] as string;
  }
  return found;
}
