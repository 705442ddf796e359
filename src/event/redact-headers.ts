import type { Json } from './event.ts';
import { headerText } from './headers-as-sent.ts';
import { textJson } from './json-text.ts';
import { ownText } from './own-text.ts';
import type { Verdict } from './redaction-policy.ts';

/** What is decided elsewhere; none of it throws. */
export interface HeaderRules {
  ofName(name: string): Verdict;
  /** A text as it is shown: the same text where there is no secret in it. */
  ofText(text: string): string;
  ofUrl(url: string): string;
  /** What stands in the place of a secret; undefined where its name is left out as well. */
  replacement(value: string, verdict: Exclude<Verdict, 'keep' | 'rename'>): Json | undefined;
}

interface Header {
  readonly verdict: Verdict;
  /** Whether headers with it have to be redacted as an object. */
  readonly isSpecial: boolean;
  readonly jsonOfName: string;
  /** The value that it had the last time, if there was no secret in it, and both as JSON. */
  lastValue: string | undefined;
  lastMember: string;
  /** In which headers it was seen last. */
  seenIn: number;
}

/** Names that are remembered; hostile ones make it forget them all rather than grow. */
const MAX_NAMES = 1000;
/** Of names and of values. */
const MAX_REMEMBERED = 512;

/** One that is not remembered could not be seen to come twice. */
const TOO_LONG: Header = {
  verdict: 'keep',
  isSpecial: true,
  jsonOfName: '',
  lastValue: undefined,
  lastMember: '',
  seenIn: 0,
};

/** Headers as JSON texts, redacted. Most names and values come again and again, and are decided on once. */
export class HeaderTexts {
  readonly #rules: HeaderRules;
  readonly #known = new Map<string, Header>();
  #headers = 0;

  constructor(rules: HeaderRules) {
    this.#rules = rules;
  }

  /**
   * @param headers name, value, name, value …
   * @returns undefined where a name comes twice, is very long or has a secret in it, or labels a value
   */
  json(headers: readonly string[]): string | undefined {
    if (this.#known.size > MAX_NAMES) this.forget();
    const seen = (this.#headers += 1);
    let json = '';
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const header = this.#of(headers[i] as string);
      if (header.isSpecial || header.seenIn === seen) return undefined;
      header.seenIn = seen;
      const value = headers[i + 1] as string;
      const member = value === header.lastValue ? header.lastMember : this.#member(headers[i] as string, value, header);
      if (member !== undefined) json += json === '' ? member : `,${member}`;
    }
    return `{${json}}`;
  }

  /** To be called when names become secret. */
  forget(): void {
    this.#known.clear();
  }

  #of(name: string): Header {
    const known = this.#known.get(name);
    if (known) return known;
    if (name.length > MAX_REMEMBERED) return TOO_LONG;
    const verdict = this.#rules.ofName(name);
    const hidesName = verdict === 'rename' || (verdict !== 'keep' && this.#rules.ofText(name) !== name);
    const isSpecial = hidesName || name === 'value';
    const own = ownText(name);
    const header = { verdict, isSpecial, jsonOfName: textJson(own), lastValue: undefined, lastMember: '', seenIn: 0 };
    this.#known.set(own, header);
    return header;
  }

  #member(name: string, value: string, header: Header): string | undefined {
    const { verdict, jsonOfName } = header;
    const rules = this.#rules;
    const isKept = verdict === 'keep' || verdict === 'rename';
    const shown = isKept
      ? rules.ofText(headerText(name, value, (url) => rules.ofUrl(url)))
      : rules.replacement(value, verdict);
    if (shown === undefined) return undefined;
    const member = `${jsonOfName}:${typeof shown === 'string' ? textJson(shown) : JSON.stringify(shown)}`;
    if (isKept && shown === value && value.length <= MAX_REMEMBERED) {
      header.lastValue = value;
      header.lastMember = member;
    }
    return member;
  }
}
