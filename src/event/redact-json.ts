import type { JsonName, JsonNames } from './json-names.ts';
import { parseJson } from './parse-json.ts';
import { LONG_TEXT, MAX_ALL_TEXT, MAX_DEPTH, MAX_TEXT, MAX_VALUES } from './redaction-limits.ts';
import { LABELS, MASK, isCardNumber } from './secrets.ts';
import { mayTell, traitsOf } from './text-traits.ts';

/**
 * A JSON text with its secrets masked, and without blanks between its parts. It is not made into values and back, which
 * would take three times as long, and would show numbers otherwise than they were sent.
 *
 * @param ofText a text as it is shown: the same text where there is no secret in it; it doesn't throw
 * @returns undefined where it is no JSON, or has in it what has to be redacted as a value: a name that is not simply kept
 *   or masked, a label beside what it labels, a name that stands twice, more than a record shows
 */
export function redactJson(text: string, names: JsonNames, ofText: (text: string) => string): string | undefined {
  return new Scan(text, names, ofText).whole();
}

/** Steps through a JSON text (RFC 8259). Each step goes behind its part, or returns false to give up. */
class Scan {
  readonly #text: string;
  readonly #names: JsonNames;
  readonly #ofText: (text: string) => string;
  readonly #hasDashes: boolean;
  #lastName: JsonName | undefined;
  #at = 0;
  /** Of the last string. */
  #traits = 0;
  #isEscaped = false;
  /** What is shown of the text up to `#shownTo`; the rest is shown as it is. */
  #shown = '';
  #shownTo = 0;
  #valuesLeft = MAX_VALUES;
  #textLeft = MAX_ALL_TEXT;

  constructor(text: string, names: JsonNames, ofText: (text: string) => string) {
    this.#text = text;
    this.#names = names;
    this.#ofText = ofText;
    this.#hasDashes = text.includes('--');
  }

  whole(): string | undefined {
    this.#blanks();
    if (!this.#value(0)) return undefined;
    this.#blanks();
    return this.#at < this.#text.length ? undefined : this.#shown + this.#text.slice(this.#shownTo);
  }

  #value(depth: number): boolean {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#string();
      case OPENING_BRACE:
        return depth < MAX_DEPTH && this.#object(depth + 1);
      case OPENING_BRACKET:
        return depth < MAX_DEPTH && this.#list(depth + 1);
      default:
        return this.#digits() || this.#word('true') || this.#word('false') || this.#word('null') || this.#number();
    }
  }

  #object(depth: number): boolean {
    const names: string[] = [];
    this.#at += 1;
    this.#blanks();
    if (this.#sign(CLOSING_BRACE)) return true;
    do {
      this.#blanks();
      const found = this.#name();
      if (found === undefined || this.#valuesLeft-- <= 0) return false;
      const { name, verdict } = found;
      if (names.length === MAX_NAMES || names.includes(name)) return false;
      names.push(name);
      this.#blanks();
      if (verdict === 'keep' ? !this.#value(depth) : verdict !== 'mask' || !this.#secret(depth)) return false;
      this.#blanks();
    } while (this.#sign(COMMA));
    return this.#sign(CLOSING_BRACE) && !(names.includes('value') && LABELS.some((label) => names.includes(label)));
  }

  /** With its colon. Mostly it is the one that came next in the last text of this kind. */
  #name(): JsonName | undefined {
    const last = this.#lastName;
    const expected = last ? last.next : this.#names.first;
    if (expected !== undefined && this.#text.startsWith(expected.member, this.#at)) {
      this.#at += expected.member.length;
      return (this.#lastName = expected);
    }
    const start = this.#at;
    if (this.#text.charCodeAt(start) !== QUOTE || !this.#quoted()) return undefined;
    const name = this.#names.of(this.#text.slice(start + 1, this.#at - 1), last);
    this.#blanks();
    return name && this.#sign(COLON) ? (this.#lastName = name) : undefined;
  }

  #list(depth: number): boolean {
    this.#at += 1;
    this.#blanks();
    if (this.#sign(CLOSING_BRACKET)) return true;
    do {
      this.#blanks();
      if (this.#valuesLeft-- <= 0 || !this.#value(depth)) return false;
      this.#blanks();
    } while (this.#sign(COMMA));
    return this.#sign(CLOSING_BRACKET);
  }

  /** Whatever it is; null and `""` hide nothing. */
  #secret(depth: number): boolean {
    const start = this.#at;
    const shown = this.#shown;
    const shownTo = this.#shownTo;
    if (!this.#value(depth)) return false;
    if (this.#text.startsWith('null', start) || this.#text.startsWith('""', start)) return true;
    this.#shown = shown;
    this.#shownTo = shownTo;
    this.#replace(start, MASK);
    return true;
  }

  #string(): boolean {
    const start = this.#at;
    if (!this.#quoted()) return false;
    const length = this.#at - start - 2;
    if (!this.#isEscaped && length <= LONG_TEXT && !this.#hasDashes && !mayTell(this.#traits, length)) return true;
    const raw = this.#text.slice(start, this.#at);
    const text = this.#isEscaped ? parseJson(raw) : raw.slice(1, -1);
    if (typeof text !== 'string' || text.length > MAX_TEXT) return false;
    if (text.length > LONG_TEXT && (this.#textLeft -= text.length) < 0) return false;
    const shown = this.#ofText(text);
    if (shown !== text) this.#replace(start, shown);
    return true;
  }

  /** Goes behind a string. */
  #quoted(): boolean {
    const text = this.#text;
    let traits = 0;
    let isEscaped = false;
    let end = this.#at + 1;
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
      // NaN at the end of the text.
      if (!(code >= SPACE)) return false;
      traits |= traitsOf(code);
      if (code === BACKSLASH) {
        isEscaped = true;
        end += 1;
      }
      end += 1;
    }
    this.#at = end + 1;
    this.#traits = traits;
    this.#isEscaped = isEscaped;
    return true;
  }

  /** A short whole number, as most are. */
  #digits(): boolean {
    const text = this.#text;
    const start = this.#at;
    let end = start;
    while (isDigit(text.charCodeAt(end))) end += 1;
    const length = end - start;
    const isWhole = length > 0 && length < SHORTEST_TELLING_NUMBER && !CONTINUES_NUMBER.has(text.charCodeAt(end));
    if (!isWhole || (length > 1 && text.charCodeAt(start) === ZERO)) return false;
    this.#at = end;
    return true;
  }

  #number(): boolean {
    NUMBER.lastIndex = this.#at;
    const start = this.#at;
    const digits = NUMBER.exec(this.#text)?.[0];
    if (digits === undefined) return false;
    this.#at += digits.length;
    if (digits.length < SHORTEST_TELLING_NUMBER) return true;
    const value = Number(digits);
    if (!Number.isFinite(value)) return false;
    if (isCardNumber(digits.replace('-', '')) || isCardNumber(String(Math.abs(value)))) this.#replace(start, MASK);
    return true;
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #sign(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }

  /** Leaves them out of what is shown. */
  #blanks(): void {
    const start = this.#at;
    if (this.#text.charCodeAt(start) > SPACE) return;
    let end = start;
    while (isBlank(this.#text.charCodeAt(end))) end += 1;
    if (end === start) return;
    this.#shown += this.#text.slice(this.#shownTo, start);
    this.#shownTo = end;
    this.#at = end;
  }

  #replace(start: number, text: string): void {
    this.#shown += this.#text.slice(this.#shownTo, start) + JSON.stringify(text);
    this.#shownTo = this.#at;
  }
}

/** Names in one object that are compared with each other. */
const MAX_NAMES = 64;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** `1e999` is more than a number can be. */
const SHORTEST_TELLING_NUMBER = '1e999'.length;

/** Of a dot, `e` and `E`. */
const CONTINUES_NUMBER: ReadonlySet<number> = new Set([0x2e, 0x65, 0x45]);

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const SPACE = 0x20;
const ZERO = 0x30;

function isBlank(code: number): boolean {
  return code === SPACE || code === 0x0a || code === 0x0d || code === 0x09;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code < ZERO + 10;
}
