import { unescapedText } from './url-encoded.ts';
import { SECRET_VALUE_START, maskSecretValues } from './secrets.ts';

/** What replaces the value of something called so; undefined where the name is no secret. */
export type Replacement = (name: string) => ((value: string) => string) | undefined;

/**
 * A text with the secrets in it replaced: values that are one wherever they stand, and the values of secret names, in
 * JSON, JavaScript, headers, queries, XML, multipart forms and command lines, whole, cut or malformed. What doesn't end
 * is replaced to the end of the text. Where the escapes of a URL or of HTML hide one, the text around it is shown without them. Lone surrogates become U+FFFD. Linear in time: no character is looked at more often than a constant.
 */
export function redactText(text: string, replacementOf: Replacement): string {
  if (!mayHoldSecret(text)) return text;
  const redact = (plain: string): string => redactPairs(maskSecretValues(plain), replacementOf);
  let shown = redact(wellFormed(text));
  if (ESCAPE.test(shown)) shown = shown.replace(WORD, (word) => redactEscaped(word, unescapedText(word), redact));
  return ENTITY.test(shown) ? redactEscaped(shown, shown.replace(ENTITIES, characterOf), redact) : shown;
}

/** Whether it is worth while to look for secrets in a text; lone surrogates count as some. */
export function mayHoldSecret(text: string): boolean {
  return MAY_HOLD_SECRET.test(text);
}

/** As it is, unless its escapes hide a secret: then without them. */
function redactEscaped(escaped: string, plain: string, redact: (plain: string) => string): string {
  const shown = redact(plain);
  return shown === plain ? escaped : shown;
}

/**
 * Most strings hold nothing that looks like a name with a value, or like a secret. A colon in a time of day, or in front
 * of a URL's host, is none.
 */
const MAY_HOLD_SECRET = new RegExp(
  `=|(?<!(?:[T :]|^)\\d\\d):(?!\\/\\/)|<[A-Za-z]|--[A-Za-z]|&(?:lt;|#)|%(?:22|3[ADad])|[\\ud800-\\udfff]|${SECRET_VALUE_START}`,
);

/** What a URL makes of them, in a run without blanks and quotes. */
const ESCAPE = /%(?:22|3[ad])/i;
const WORD = /[^\s"'<>]+/g;

/** What HTML makes of the signs around names and values. */
const ENTITY = /&(?:quot|apos|lt|gt|#\d{2,3}|#x[\da-f]{2});/i;
const ENTITIES = new RegExp(ENTITY, 'gi');
const NAMED: Readonly<Record<string, string>> = { '&quot;': '"', '&apos;': "'", '&lt;': '<', '&gt;': '>' };

function characterOf(entity: string): string {
  const [, hex, decimal] = /^&#(?:x([\da-f]+)|(\d+));$/i.exec(entity) ?? [];
  if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
  return decimal === undefined ? (NAMED[entity.toLowerCase()] ?? entity) : String.fromCharCode(Number(decimal));
}

/** Where a name may have ended, or a tag, an option or the body of a multipart field may begin. */
const PAIR = /[=:]|<(?=[A-Za-z])|--(?=[A-Za-z])|\n(?=\r?\n)/g;

function redactPairs(text: string, replacementOf: Replacement): string {
  const names: Names = { replacementOf, labelled: undefined };
  let shown = '';
  let done = 0;
  PAIR.lastIndex = 0;
  for (let found = PAIR.exec(text); found; found = PAIR.exec(text)) {
    const secret = secretAt(text, found.index, done, names);
    if (!secret || secret.end <= secret.start) continue;
    shown += text.slice(done, secret.start) + replaced(text.slice(secret.start, secret.end), secret);
    done = secret.end;
    PAIR.lastIndex = Math.max(done, found.index + 1);
  }
  return shown + text.slice(done);
}

interface Names {
  readonly replacementOf: Replacement;
  /** Set by `name="password"`: what then replaces `value="…"`, or the body of a multipart field. */
  labelled: ReturnType<Replacement>;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Secret extends Span {
  readonly replace: (value: string) => string;
  /** Stands around the replacement where the value had no quotes but its name had: the text may be JSON. */
  readonly quote?: string | undefined;
}

function secretAt(text: string, at: number, floor: number, names: Names): Secret | undefined {
  switch (text[at]) {
    case '<':
      return insideTag(text, at, names);
    case '-':
      return behindOption(text, at, names);
    case '\n':
      return behindBlankLine(text, at, names);
    default:
      return behindSign(text, at, floor, names);
  }
}

function replaced(value: string, { replace, quote = '' }: Secret): string {
  return isHidden(value) ? value : quote + replace(value) + quote;
}

/** Whether a value is hidden already, or hides nothing. */
export function isHidden(value: string): boolean {
  return NOTHING.test(value);
}

const NOTHING = /^(?:null|undefined|None|nil|\[REDACTED\]|\[HASH:[\da-f]{16}\])$/;

/** `<wsse:Password Type="…">…</wsse:Password>`. */
function insideTag(text: string, at: number, { replacementOf }: Names): Secret | undefined {
  const tag = match(TAG, text, at);
  if (!tag || tag[0].endsWith('/>')) return undefined;
  const name = tag[1] as string;
  const replace = replacementOf(name.slice(name.indexOf(':') + 1));
  if (!replace) return undefined;
  const start = at + tag[0].length;
  return { start, end: indexOrEnd(text, `</${name}`, start), replace };
}

const TAG = /<([A-Za-z][\w:.-]{0,127})(?:\s[^<>]*)?>/y;

/** `--password hunter2`; with `=`, it is a pair like others. */
function behindOption(text: string, at: number, { replacementOf }: Names): Secret | undefined {
  const option = match(OPTION, text, at);
  const replace = option && replacementOf(option[1] as string);
  return replace && { ...valueAt(text, at + option[0].length), replace };
}

const OPTION = /--([A-Za-z][\w.-]{0,127})[ \t]{1,8}(?=[^\s-])/y;

/** The body of a multipart field: from the blank line behind its headers to the next boundary. */
function behindBlankLine(text: string, at: number, names: Names): Secret | undefined {
  const replace = names.labelled;
  if (!replace) return undefined;
  names.labelled = undefined;
  const start = text.indexOf('\n', at + 1) + 1;
  const end = indexOrEnd(text, '\n--', start);
  return { start, end: text[end - 1] === '\r' ? end - 1 : end, replace };
}

/** `name=value`, `"name": "value"`, and what else has a sign between the two. */
function behindSign(text: string, at: number, floor: number, names: Names): Secret | undefined {
  const name = nameBefore(text, at, floor);
  if (!name) return undefined;
  const replace =
    names.replacementOf(name.text) ?? replacementOfTwo(text, name, floor, names) ?? byLabel(text, at, name, names);
  return replace && { ...pairedValue(text, at, name), replace };
}

/** By the name and the word before it: `Api key: …`, `session id = …`. Not for the word alone: `password error: …`. */
function replacementOfTwo(text: string, name: Name, floor: number, { replacementOf }: Names): ReturnType<Replacement> {
  if (name.quote !== undefined || text[name.start - 1] !== ' ') return undefined;
  let start = name.start - 1;
  const limit = Math.max(floor, start - MAX_NAME);
  while (start > limit && isWordCharacter(text.charCodeAt(start - 1))) start -= 1;
  const word = text.slice(start, name.start - 1);
  return word === '' || replacementOf(word) ? undefined : replacementOf(`${word} ${name.text}`);
}

/** `"name": "password", "value": "…"`, `<input name="password" value="…">`. */
function byLabel(text: string, at: number, name: Name, names: Names): ReturnType<Replacement> {
  if (LABEL.test(name.text)) names.labelled = names.replacementOf(match(LABELLED, text, at + 1)?.[1] ?? '');
  return VALUE.test(name.text) ? names.labelled : undefined;
}

const LABEL = /^(?:name|key|field)$/i;
const LABELLED = /\s{0,8}\\{0,8}["']([^"'\\\n]{1,128})\\{0,8}["']/y;
const VALUE = /^value$/i;

interface Name {
  readonly text: string;
  readonly start: number;
  /** The quote around it, with the backslashes before it. */
  readonly quote?: string | undefined;
}

const MAX_NAME = 128;

/** The name that ends at a `=` or `:`, back to `floor` at most. */
function nameBefore(text: string, sign: number, floor: number): Name | undefined {
  let end = sign;
  while (end > floor && isBlank(text.charCodeAt(end - 1))) end -= 1;
  if (end === floor) return undefined;
  const last = text[end - 1] as string;
  if (isQuote(last)) return quotedName(text, end - 1, floor);
  if (last === ')') return parenthesised(text, end - 1, floor);
  let start = end;
  const limit = Math.max(floor, end - MAX_NAME);
  while (start > limit && isNameCharacter(text.charCodeAt(start - 1))) start -= 1;
  // In escaped text, the n of \n is no part of the name.
  if (start < end && start > floor && text[start - 1] === '\\') start += 1;
  if (start >= end) return undefined;
  const name = text.slice(start, end);
  return SOURCE_FILE.test(name) ? undefined : { text: unescaped(name), start };
}

/** `at open (/app/secrets.ts:12:5)` names a place, not a secret. */
const SOURCE_FILE = /\.[cm]?[jt]sx?$/;

/** `"name"`, `'name'`, `\"name\"`. */
function quotedName(text: string, close: number, floor: number): Name {
  const quote = text[close] as string;
  let end = close;
  while (end > floor && text[end - 1] === '\\') end -= 1;
  let start = end;
  const limit = Math.max(floor, end - MAX_NAME);
  while (start > limit && text[start - 1] !== quote) start -= 1;
  return { text: unescaped(text.slice(start, end)), start, quote: text.slice(end, close + 1) };
}

/** PostgreSQL says `Key (tenant, api_key)=(1, x) already exists`. */
function parenthesised(text: string, close: number, floor: number): Name | undefined {
  let start = close;
  const limit = Math.max(floor, close - MAX_NAME);
  while (start > limit && text[start - 1] !== '(') start -= 1;
  return start > limit ? { text: text.slice(start, close), start } : undefined;
}

/** `pass\u0077ord`, `user%5Bpassword%5D`. */
function unescaped(name: string): string {
  if (!name.includes('\\') && !name.includes('%')) return name;
  return name.replace(/(?:\\{1,8}u00|%)([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

function pairedValue(text: string, sign: number, name: Name): Span & { readonly quote?: string | undefined } {
  const start = sign + (match(BEFORE_VALUE, text, sign)?.[0].length ?? 1);
  const isBare = !isQuote(text[start]) && !isOpening(text[start]);
  if (isBare && text[sign] === ':' && name.quote === undefined && HEADER.test(name.text))
    return headerValue(text, start, name);
  const value = valueAt(text, start);
  return value.start === start ? { ...value, quote: name.quote } : value;
}

/** The signs of `:`, `=`, `==`, `=>`, and blanks; line breaks only in front of what can't be the next line's own. */
const BEFORE_VALUE = /[=:>]{1,3}[ \t]*(?:\s*(?=\\*["'`{[]))?/y;

const HEADER = /^(?:(?:proxy-)?authorization|(?:set-)?cookie2?)$/i;

/** To the end of the line, or to the quote in front of the name: `curl -H 'Cookie: a=b; c="d"' https://…`. */
function headerValue(text: string, start: number, name: Name): Span {
  const around = text[name.start - 1];
  const pattern = isQuote(around) ? TO_QUOTE[around] : LINE;
  return { start, end: start + (match(pattern, text, start)?.[0].length ?? 0) };
}

type Quote = '"' | "'" | '`';

const LINE = /[^\r\n]*/y;
const TO_QUOTE: { readonly [quote in Quote]: RegExp } = { '"': /[^\r\n"]*/y, "'": /[^\r\n']*/y, '`': /[^\r\n`]*/y };

/** A quoted value without its quotes, a container with its brackets, or a bare word. */
function valueAt(text: string, start: number): Span {
  const prefix = match(STRING_PREFIX, text, start)?.[0].length ?? 0;
  const slashes = match(BACKSLASHES, text, start + prefix)?.[0].length ?? 0;
  const open = start + prefix + slashes;
  const first = text[open];
  if (isQuote(first)) return { start: open + 1, end: endOfQuoted(text, open, slashes) };
  const afterContainer = isOpening(text[start]) ? endOfContainer(text, start) : start;
  return { start, end: afterContainer + (match(BARE, text, afterContainer)?.[0].length ?? 0) };
}

/** Python's `b'…'`, SQL's `N'…'` and `E'…'`. */
const STRING_PREFIX = /[A-Za-z]{1,2}(?=["'])/y;
const BACKSLASHES = /\\*/y;

/** To a blank or what separates or closes; a scheme takes its credentials along: `authorization=Digest abc`. */
const BARE = /(?:(?:bearer|basic|digest|token|apikey|negotiate)[ \t]{1,8})?(?:[^\s,;&<>"'`)\]}\\]|\\(?!["'`\\]))*/iy;

/**
 * Where the content of a quoted text ends. A quote that `slashes` backslashes escape stands in a text that was itself
 * quoted: inside, a quote of its own has at least twice as many and one more. A quote in front of a letter closes nothing.
 */
function endOfQuoted(text: string, open: number, slashes: number): number {
  const quote = text[open] as string;
  for (let at = text.indexOf(quote, open + 1); at !== -1; at = text.indexOf(quote, at + 1)) {
    let run = 0;
    while (at - run - 1 > open && text[at - run - 1] === '\\') run += 1;
    if (run < slashes) return at - run;
    if ((run - slashes) % (2 * slashes + 2) !== 0) continue;
    if (slashes === 0 && text[at + 1] === quote)
      at += 1; // SQL's 'it''s'
    else if (!isWordCharacter(text.charCodeAt(at + 1))) return at - slashes;
  }
  return text.length;
}

/** Behind the bracket that closes the one at `open`; brackets in quotes don't count. */
function endOfContainer(text: string, open: number): number {
  const opening = text[open] as string;
  const closing = opening === '{' ? '}' : opening === '[' ? ']' : ')';
  let depth = 0;
  let slashes = 0;
  for (let at = open; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') {
      slashes += 1;
      continue;
    }
    if (character === opening) depth += 1;
    else if (character === closing) depth -= 1;
    else if (isQuote(character)) at = endOfQuoted(text, at, slashes) + slashes;
    if (depth === 0) return at + 1;
    slashes = 0;
  }
  return text.length;
}

/** Without lone surrogates, which no UTF-8 can say. Node.js has it since 20, TypeScript since lib.es2024. */
export function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed();
}

/** Sticky matching. */
function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function indexOrEnd(text: string, part: string, from: number): number {
  const at = text.indexOf(part, from);
  return at === -1 ? text.length : at;
}

function isQuote(character: string | undefined): character is Quote {
  return character === '"' || character === "'" || character === '`';
}

function isOpening(character: string | undefined): boolean {
  return character === '{' || character === '[' || character === '(';
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isWordCharacter(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

/** Letters, digits, `_ - . $ % [ ]` and all that is not ASCII. */
function isNameCharacter(code: number): boolean {
  return (
    isWordCharacter(code) ||
    code === 45 ||
    code === 46 ||
    code === 36 ||
    code === 37 ||
    code === 91 ||
    code === 93 ||
    code > 127
  );
}
