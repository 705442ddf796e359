import type { Json } from './event.ts';
import { isPlainObject } from './is-plain-object.ts';
import { textJson } from './json-text.ts';
import { ownText } from './own-text.ts';
import { LONG_TEXT, MAX_DEPTH, MAX_VALUES } from './redaction-limits.ts';
import type { RedactionAction, Verdict } from './redaction-policy.ts';

/** What is decided elsewhere; none of it throws. */
export interface ObjectRules {
  ofName(name: string): Verdict;
  /** A text as it is shown: the same text where there is no secret in it. */
  ofText(text: string): string;
  ofNumber(value: number): number | string | null;
  /** What stands in the place of a secret; undefined where its name is left out as well. */
  replacement(value: unknown, action: RedactionAction): Json | undefined;
  /** For the values of one object that are more than their properties: there is a limit to what all of them show together. */
  partsOf(object: object): ShowPart;
}

/** What is shown of a part; undefined for what JSON can't say. */
type ShowPart = (part: object) => Json | undefined;

interface Name {
  /** Undefined where it takes more than to keep or to replace the value. */
  readonly verdict: Exclude<Verdict, 'rename'> | undefined;
  /** With its quotes and the colon behind it, and a brace or a comma in front of it. */
  readonly first: string;
  readonly next: string;
}

/** One text in the making. */
interface Pass {
  readonly root: object;
  valuesLeft: number;
  showPart: ShowPart | undefined;
}

/** Names that are remembered; hostile ones make it forget them all rather than grow. */
const MAX_NAMES = 2000;
/** Longer ones are decided on each time. */
const MAX_REMEMBERED = 256;
/** For what is to be copied first. */
const NEEDS_COPY = '';

/** Redacted rows as JSON texts, made at once: a copy, and the text of that, would take three times as long. */
export class ObjectTexts {
  readonly #rules: ObjectRules;
  readonly #names = new Map<string, Name>();

  constructor(rules: ObjectRules) {
    this.#rules = rules;
  }

  /**
   * @param object is plain
   * @returns undefined where a name has a secret in it, a text is very long, there is very much, or a value is labelled
   * @throws what reading the object throws
   */
  object(object: Readonly<Record<string, unknown>>): string | undefined {
    const json = this.#members(object, 1, { root: object, valuesLeft: MAX_VALUES, showPart: undefined });
    return json === NEEDS_COPY ? undefined : json;
  }

  /**
   * `{name: [a, b]}`. What is absent on one side is null.
   *
   * @returns as `object`, and undefined where a value has a structure of its own
   */
  pairs(pairs: readonly (readonly [name: string, a: unknown, b: unknown])[]): string | undefined {
    if (pairs.length > MAX_VALUES / 2) return undefined;
    let json = '';
    for (const [name, a, b] of pairs) {
      if (name === 'value' || hasParts(a) || hasParts(b)) return undefined;
      const { first, next, verdict } = this.#of(name);
      const before = this.#part(a, verdict);
      const after = this.#part(b, verdict);
      if (before === NEEDS_COPY || after === NEEDS_COPY) return undefined;
      if (before === undefined && after === undefined) continue;
      json += `${json === '' ? first : next}[${before ?? 'null'},${after ?? 'null'}]`;
    }
    return json === '' ? '{}' : `${json}}`;
  }

  /** To be called when names become secret. */
  forget(): void {
    this.#names.clear();
  }

  #of(name: string): Name {
    if (name.length > MAX_REMEMBERED) return this.#decided(name);
    return this.#names.get(name) ?? this.#remembered(ownText(name));
  }

  #remembered(name: string): Name {
    const decided = this.#decided(name);
    if (this.#names.size >= MAX_NAMES) this.forget();
    this.#names.set(name, decided);
    return decided;
  }

  #decided(name: string): Name {
    const verdict = this.#rules.ofName(name);
    const isTelling = verdict === 'rename' || (verdict !== 'keep' && this.#rules.ofText(name) !== name);
    const member = `${textJson(name)}:`;
    return { verdict: isTelling ? undefined : verdict, first: `{${member}`, next: `,${member}` };
  }

  #members(object: Readonly<Record<string, unknown>>, depth: number, pass: Pass): string {
    const names = Object.keys(object);
    if ((pass.valuesLeft -= names.length) < 0 || object['value'] !== undefined) return NEEDS_COPY;
    let json = '';
    for (const name of names) {
      const { first, next, verdict } = this.#of(name);
      const part = this.#part(object[name], verdict, depth, pass);
      if (part === NEEDS_COPY) return NEEDS_COPY;
      if (part !== undefined) json += (json === '' ? first : next) + part;
    }
    return json === '' ? '{}' : `${json}}`;
  }

  #items(list: readonly unknown[], depth: number, pass: Pass): string {
    if ((pass.valuesLeft -= list.length) < 0) return NEEDS_COPY;
    let json = '';
    for (let index = 0; index < list.length; index += 1) {
      const part = this.#part(list[index], 'keep', depth, pass);
      if (part === NEEDS_COPY) return NEEDS_COPY;
      json += (index === 0 ? '[' : ',') + (part ?? 'null');
    }
    return json === '' ? '[]' : `${json}]`;
  }

  /** What is no more than its properties or items is shown at once; what leads to itself is too deep for that. */
  #container(value: object, depth: number, pass: Pass): string | undefined {
    if (!('toJSON' in value)) {
      if (Array.isArray(value)) return depth < MAX_DEPTH ? this.#items(value, depth + 1, pass) : NEEDS_COPY;
      if (isPlainObject(value)) return depth < MAX_DEPTH ? this.#members(value, depth + 1, pass) : NEEDS_COPY;
    }
    if (depth > 1) return NEEDS_COPY;
    pass.showPart ??= this.#rules.partsOf(pass.root);
    return jsonOf(pass.showPart(value));
  }

  /**
   * As JSON; undefined for what is left out.
   *
   * @param depth of what it is a part of
   * @param pass only for what may have a structure of its own
   */
  #part(value: unknown, verdict: Name['verdict'], depth = 0, pass?: Pass): string | undefined {
    if (verdict === undefined) return NEEDS_COPY;
    if (verdict !== 'keep') return jsonOf(this.#rules.replacement(value, verdict));
    switch (typeof value) {
      case 'string':
        return value.length > LONG_TEXT ? NEEDS_COPY : textJson(this.#rules.ofText(value));
      case 'number':
        return jsonOf(this.#rules.ofNumber(value));
      case 'boolean':
        return value ? 'true' : 'false';
      case 'object':
        if (value === null) return 'null';
        if (isTime(value)) return timeJson(value);
        return pass && this.#container(value, depth, pass);
      case 'bigint':
        return textJson(this.#rules.ofText(String(value)));
      default:
        return undefined;
    }
  }
}

function hasParts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isTime(value);
}

const { toJSON, toISOString } = Date.prototype as { readonly toJSON: unknown; readonly toISOString: unknown };

/** Whether it is shown as every date is. There is no secret in one. */
function isTime(value: object): value is Date {
  return (
    value instanceof Date && (value.toJSON as unknown) === toJSON && (value.toISOString as unknown) === toISOString
  );
}

function timeJson(time: Date): string {
  return Number.isNaN(time.getTime()) ? 'null' : `"${time.toISOString()}"`;
}

function jsonOf(shown: Json | undefined): string | undefined {
  switch (typeof shown) {
    case 'string':
      return textJson(shown);
    case 'number':
      return String(shown);
    default:
      return JSON.stringify(shown);
  }
}
