/**
 * What the characters of a text may be part of, as bits: whoever steps through a text anyway gathers them, and looks for
 * secrets only where there may be one. They tell of all that `MAY_HOLD_SECRET` of `redact-text.ts` finds, and of any path.
 */
export function traitsOf(code: number): number {
  return code < ASCII ? (OF_ASCII[code] as number) : isSurrogate(code) ? TELLING : GAP;
}

/** Whether a text with them may hold a secret. */
export function mayTell(traits: number, length: number): boolean {
  return (
    (traits & TELLING) !== 0 ||
    (traits & SCHEME) === SCHEME ||
    ((traits & DIGIT) !== 0 && length >= SHORTEST_CARD_NUMBER)
  );
}

/** Of names with values, tags, escapes, URLs, `eyJ`, options and PEM blocks. */
const TELLING = 1;
const DIGIT = 2;
/** In `Bearer` and `Basic`. */
const B = 4;
/** Between these and what follows: any blank, also beyond ASCII, a plus. */
const GAP = 8;
const SCHEME = B | GAP;

/** With as many digits in a row, or more. */
const SHORTEST_CARD_NUMBER = 13;

const ASCII = 128;
const OF_ASCII = new Uint8Array(ASCII);
for (const [characters, trait] of [
  ['=:<&%/\\J', TELLING],
  ['0123456789', DIGIT],
  ['Bb', B],
  [' \t\n\v\f\r+', GAP],
] as const) {
  for (const character of characters) OF_ASCII[character.charCodeAt(0)] = trait;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
