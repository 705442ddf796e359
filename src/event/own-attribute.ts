import * as A from './attributes.ts';

const NAMES = new Set<string>(Object.values(A));

/** Whether an attribute of that name says what a key of our records says: nobody else can give it. */
export function isOwnAttribute(name: string): boolean {
  return NAMES.has(name) || name.startsWith(A.HTTP_REQUEST_HEADER) || name.startsWith(A.HTTP_RESPONSE_HEADER);
}
