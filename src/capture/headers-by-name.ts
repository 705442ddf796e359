/** Names in lower case; what is repeated is a list. */
export interface HeadersByName {
  readonly [name: string]: string | readonly string[] | undefined;
}

/** @param headers name, value, name, value … */
export function headersByName(headers: readonly string[]): HeadersByName {
  const values = new Map<string, string | string[]>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const value = headers[i + 1] as string;
    const before = values.get(name);
    values.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(values);
}
