import { decodeComponent } from './decode-component.ts';

/** One part of a `multipart/form-data` body (RFC 7578). */
export interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  /** As sent, `""` if it wasn't. */
  readonly contentType: string;
  readonly value: Buffer;
  /** Where the value begins in the body. */
  readonly start: number;
  /** Whether its end is there. */
  readonly whole: boolean;
}

/** The named parts of a body, as far as its bytes go; none if they aren't what the boundary says. */
export function multipartParts(bytes: Buffer, boundary: string): Part[] {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts: Part[] = [];
  let at = startsWith(bytes, delimiter.subarray(2)) ? -2 : nextDelimiter(bytes, delimiter, 0);
  while (at !== undefined && !isLast(bytes, at + delimiter.length)) {
    // The line break that ends the delimiter's line begins the blank line of a part without headers.
    const from = bytes.indexOf('\r\n', at + delimiter.length);
    if (from < 0) break;
    const next = nextDelimiter(bytes, delimiter, from);
    const part = partIn(bytes, from, next ?? endOfCut(bytes, delimiter), next !== undefined);
    if (part) parts.push(part);
    at = next;
  }
  return parts;
}

/** Where the next delimiter begins: a value may hold what only looks like one. */
function nextDelimiter(bytes: Buffer, delimiter: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(delimiter, from); at >= 0; at = bytes.indexOf(delimiter, at + delimiter.length)) {
    const after = bytes.toString('latin1', at + delimiter.length, at + delimiter.length + 2);
    if (after.length < 2 || after === '\r\n' || after === '--' || /^[ \t]/.test(after)) return at;
  }
  return undefined;
}

function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning);
}

function isLast(bytes: Buffer, at: number): boolean {
  return bytes[at] === DASH && bytes[at + 1] === DASH;
}

const DASH = 0x2d;

/** The end of a body that was cut, without what may be the beginning of a delimiter. */
function endOfCut(bytes: Buffer, delimiter: Buffer): number {
  for (let length = Math.min(delimiter.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(-length).equals(delimiter.subarray(0, length))) return bytes.length - length;
  }
  return bytes.length;
}

function partIn(bytes: Buffer, from: number, to: number, whole: boolean): Part | undefined {
  const blank = bytes.subarray(from, to).indexOf('\r\n\r\n');
  if (blank < 0) return undefined;
  const headers = bytes.toString('utf8', from, from + blank);
  const { name, filename } = disposition(/^content-disposition:(.*)$/im.exec(headers)?.[1] ?? '');
  if (name === undefined) return undefined;
  const contentType = /^content-type:(.*)$/im.exec(headers)?.[1]?.trim() ?? '';
  const start = from + blank + 4;
  return { name, filename, contentType, value: bytes.subarray(start, to), start, whole };
}

function disposition(header: string): { name: string | undefined; filename: string | undefined } {
  const said = new Map<string, string>();
  for (const [, name = '', quoted, bare = ''] of header.matchAll(PARAMETER))
    said.set(
      name.toLowerCase(),
      quoted === undefined ? bare : quoted.replace(/\\(["\\])/g, '$1').replace(ESCAPED, decodeComponent),
    );
  const extended = /^utf-8'[^']*'(.*)$/i.exec(said.get('filename*') ?? '')?.[1];
  return {
    name: said.get('name'),
    filename: extended?.replace(/(?:%[\da-f]{2})+/gi, decodeComponent) ?? said.get('filename'),
  };
}

/** A quoted value that doesn't end goes on to the end, which keeps the time linear. */
const PARAMETER = /;\s*([\w*-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)(?:"|\\?$)|([^;\s]*))/g;

/** What browsers escape in names. */
const ESCAPED = /%(?:22|0D|0A)/gi;
