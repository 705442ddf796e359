import { ownText } from './own-text.ts';
import { parseJson } from './parse-json.ts';
import type { Verdict } from './redaction-policy.ts';

/** A name as JSON texts have it, with what is to be done about its value. */
export interface JsonName {
  /** With its quotes and the colon behind it. */
  readonly member: string;
  readonly name: string;
  /** `other` is for what takes more than to keep or to mask the value. */
  readonly verdict: 'keep' | 'mask' | 'other';
  /** The name that came behind it the last time: objects of one kind have their names in one order. */
  next: JsonName | undefined;
}

/** What is decided elsewhere; neither throws. */
export interface JsonNameRules {
  ofName(name: string): Verdict;
  /** A text as it is shown: the same text where there is no secret in it. */
  ofText(text: string): string;
}

/** Names that are remembered; hostile ones make it forget them all rather than grow. */
const MAX_NAMES = 2000;
/** Longer ones are decided on each time. */
const MAX_REMEMBERED = 256;

/** The names in JSON texts, each decided on once. */
export class JsonNames {
  readonly #rules: JsonNameRules;
  readonly #known = new Map<string, JsonName>();
  /** The name that came first in the last text. */
  first: JsonName | undefined;

  constructor(rules: JsonNameRules) {
    this.#rules = rules;
  }

  /**
   * @param raw what stands between the quotes
   * @param last the name that came before it in its text, if one did
   * @returns undefined where that is no JSON
   */
  of(raw: string, last: JsonName | undefined): JsonName | undefined {
    if (raw.length > MAX_REMEMBERED) return this.#decided(raw);
    const name = this.#known.get(raw) ?? this.#remembered(ownText(raw));
    if (name && last) last.next = name;
    else if (name) this.first = name;
    return name;
  }

  /** To be called when names become secret. */
  forget(): void {
    this.#known.clear();
    this.first = undefined;
  }

  #remembered(raw: string): JsonName | undefined {
    const decided = this.#decided(raw);
    if (!decided) return undefined;
    if (this.#known.size >= MAX_NAMES) this.forget();
    this.#known.set(raw, decided);
    return decided;
  }

  #decided(raw: string): JsonName | undefined {
    const name = raw.includes('\\') ? parseJson(`"${raw}"`) : raw;
    if (typeof name !== 'string') return undefined;
    return { member: `"${raw}":`, name, verdict: this.#verdictOn(name), next: undefined };
  }

  #verdictOn(name: string): JsonName['verdict'] {
    const verdict = this.#rules.ofName(name);
    if (verdict === 'keep') return 'keep';
    return verdict === 'mask' && this.#rules.ofText(name) === name ? 'mask' : 'other';
  }
}
