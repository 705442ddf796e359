/** JSON as one line, with its line feed: for every reader's idea of a line, whatever the JSON holds. */
export function oneLine(json: string): string {
  const line = `${json}\n`;
  return isPlain(line) ? line : line.replace(UNSAFE, escape);
}

/** What `JSON.stringify` leaves as it is: DEL, the C1 controls (with NEL) and Unicode's own line breaks. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * Whether there is nothing to escape: nearly always, and found at a tenth of what the expression costs. `includes` comes
 * first, since it makes one text of the line's pieces: to count the bytes of many pieces takes Node.js 24 longer.
 */
function isPlain(line: string): boolean {
  return !line.includes('\u007f') && Buffer.byteLength(line) === line.length;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
