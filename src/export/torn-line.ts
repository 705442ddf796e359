/** What may have to come after the text itself: the rest of a word or a number, the value of a key, or a member. */
const ENDS = ['', 'null', ':null', 'e', 'ue', 'rue', 'se', 'lse', 'alse', 'l', 'll', 'ull', '0', '"torn":true'];

/**
 * What to append to the beginning of a JSON object to make it whole, and to say in it `"torn":true`: nothing that was
 * written is lost, and nobody who reads the lines stumbles.
 *
 * @returns undefined for what is no beginning of an object
 */
export function closingOf(torn: string): string | undefined {
  const { open, inString } = scan(torn);
  if (open[0] !== '{') return undefined;
  const quote = inString === undefined ? '' : `${inString}"`;
  const inner = open
    .slice(1)
    .toReversed()
    .map((bracket) => (bracket === '{' ? '}' : ']'))
    .join('');
  for (const end of ENDS) {
    for (const marker of [',"torn":true}', '"torn":true}']) {
      const closing = quote + end + inner + marker;
      if (isJson(torn + closing)) return closing;
    }
  }
  return undefined;
}

/** @returns the brackets that are open, and within a string what its last escape lacks */
function scan(text: string): { open: string[]; inString: string | undefined } {
  const open: string[] = [];
  let inString: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (inString !== undefined) {
      if (character === '"') inString = undefined;
      else if (character === '\\') {
        const length = text.charAt(at + 1) === 'u' ? UNICODE_ESCAPE : SHORT_ESCAPE;
        const there = text.length - at;
        if (there < length) inString = length === SHORT_ESCAPE ? '\\' : '0'.repeat(length - there);
        at += length - 1;
      }
    } else if (character === '"') inString = '';
    else if (character === '{' || character === '[') open.push(character);
    else if (character === '}' || character === ']') open.pop();
  }
  return { open, inString };
}

const SHORT_ESCAPE = '\\n'.length;
const UNICODE_ESCAPE = '\\u0000'.length;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
