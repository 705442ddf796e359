import { grouped } from '../event/grouped.ts';

/** Names in lower case; what is repeated is a list. */
export interface HeadersByName {
  readonly [name: string]: string | readonly string[] | undefined;
}

/** @param headers name, value, name, value … */
export function headersByName(headers: readonly string[]): HeadersByName {
  const pairs: [name: string, value: string][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    pairs.push([(headers[i] as string).toLowerCase(), headers[i + 1] as string]);
  }
  return grouped(pairs);
}
