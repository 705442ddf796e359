import { parseJson } from './parse-json.ts';
import { LONG_TEXT, MAX_ALL_TEXT, MAX_DEPTH, MAX_TEXT, MAX_VALUES } from './redaction-limits.ts';
import type { Verdict } from './redaction-policy.ts';
import { LABELS, MASK, isCardNumber } from './secrets.ts';

/** What is decided elsewhere; neither throws. */
export interface JsonRules {
  ofName(name: string): Verdict;
  /** A text as it is shown: the same text where there is no secret in it. */
  ofText(text: string): string;
}

/**
 * A JSON text with its secrets masked, and without blanks between its parts. It is not made into values and back, which
 * would take three times as long, and would show numbers otherwise than they were sent.
 *
 * @returns undefined where it is no JSON, or has in it what has to be redacted as a value: a name that is not simply kept
 *   or masked, a label beside what it labels, a name that stands twice, more than a record shows
 */
export function redactJson(text: string, rules: JsonRules): string | undefined {
  return new Scan(text, rules).whole();
}

/** Steps through a JSON text (RFC 8259). Each step goes behind its part, or returns false to give up. */
class Scan {
  readonly #text: string;
  readonly #rules: JsonRules;
  #at = 0;
  /** What is shown of the text up to `#shownTo`; the rest is shown as it is. */
  #shown = '';
  #shownTo = 0;
  #valuesLeft = MAX_VALUES;
  #textLeft = MAX_ALL_TEXT;

  constructor(text: string, rules: JsonRules) {
    this.#text = text;
    this.#rules = rules;
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
      const name = this.#name();
      if (name === undefined || this.#valuesLeft-- <= 0) return false;
      if (names.length === MAX_NAMES || names.includes(name)) return false;
      names.push(name);
      this.#blanks();
      if (!this.#sign(COLON)) return false;
      this.#blanks();
      const verdict = this.#rules.ofName(name);
      if (verdict !== 'keep' && this.#rules.ofText(name) !== name) return false;
      if (verdict === 'keep' ? !this.#value(depth) : verdict !== 'mask' || !this.#secret(depth)) return false;
      this.#blanks();
    } while (this.#sign(COMMA));
    return this.#sign(CLOSING_BRACE) && !(names.includes('value') && LABELS.some((label) => names.includes(label)));
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
    const text = this.#quoted();
    if (text === undefined || text.length > MAX_TEXT) return false;
    if (text.length > LONG_TEXT && (this.#textLeft -= text.length) < 0) return false;
    const shown = this.#rules.ofText(text);
    if (shown !== text) this.#replace(start, shown);
    return true;
  }

  #name(): string | undefined {
    return this.#text.charCodeAt(this.#at) === QUOTE ? this.#quoted() : undefined;
  }

  /** What the string says that begins here. */
  #quoted(): string | undefined {
    const text = this.#text;
    const start = this.#at;
    let isEscaped = false;
    let end = start + 1;
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
      // NaN at the end of the text.
      if (!(code >= SPACE)) return undefined;
      if (code === BACKSLASH) isEscaped = true;
      end += code === BACKSLASH ? 2 : 1;
    }
    this.#at = end + 1;
    return isEscaped ? (parseJson(text.slice(start, end + 1)) as string | undefined) : text.slice(start + 1, end);
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
