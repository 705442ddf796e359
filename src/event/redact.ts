import type { Json, JsonObject } from './event.ts';
import { headersAsSent } from './headers-as-sent.ts';
import { JsonNames } from './json-names.ts';
import { isPlainObject } from './is-plain-object.ts';
import { JsonText } from './json-text.ts';
import { ObjectTexts } from './object-texts.ts';
import { parseJson } from './parse-json.ts';
import { UNREADABLE, ownProperties, plainValue, setOwn } from './plain-value.ts';
import { HeaderTexts } from './redact-headers.ts';
import { redactJson } from './redact-json.ts';
import { isHidden, mayHoldSecret, redactText, wellFormed } from './redact-text.ts';
import { LONG_TEXT, MAX_ALL_TEXT, MAX_DEPTH, MAX_TEXT, MAX_VALUES } from './redaction-limits.ts';
import type { RedactionAction, RedactionOptions, Verdict } from './redaction-policy.ts';
import { createRedactionPolicy } from './redaction-policy.ts';
import { LABELS, MASK, isCardNumber } from './secrets.ts';
import { escapedText, formFields, redactUrl, unescapedText } from './url-encoded.ts';

export type { RedactionAction, RedactionOptions, RedactionRule } from './redaction-policy.ts';

/** One engine for all that is redacted. None of it throws; the time that it takes grows with the input, no faster. */
export interface Redactor {
  /**
   * A plain JSON copy of any value, redacted: dates as ISO 8601, bigints as decimal text, binary as `"Binary content"`,
   * anything with `toJSON` as that says; `[Circular]`, `[Unreadable]` where reading failed, `[Too deep]` beyond 16 levels,
   * `[Truncated]` beyond 10 000 values or 1 Mi characters of long texts. A text is cut at 64 Ki characters.
   *
   * @param root the start of the value's path, one segment or several: `User`, `request.body`
   */
  value(value: unknown, root: string): Json;
  /** The value that a JSON text says, in the same way; undefined if it is no JSON. */
  json(text: string, root: string): Json | JsonText | undefined;
  /** The same for an object; `{}` for what is none. */
  object(value: object, root: string): JsonObject;
  /** The same, as its text where that can be made at once. */
  objectText(value: object, root: string): JsonObject | JsonText;
  /** Pairs of values `{name: [a, b]}`; undefined where they have to be shown as objects, or a name has a secret in it. */
  pairsText(pairs: readonly (readonly [name: string, a: unknown, b: unknown])[]): JsonText | undefined;
  /**
   * Headers by their names as sent; a repeated one becomes a list.
   *
   * @param headers name, value, name, value …
   */
  headers(headers: readonly string[], root: string): JsonObject | JsonText;
  /** One named value, a header or a form field, say; undefined if it is to be removed. */
  field(name: string, value: unknown, root: string): Json | undefined;
  /** A text with the secrets in it replaced: an error's message, SQL, a body that is no JSON or broken JSON. */
  text(text: string): string;
  /**
   * A query string, with or without its `?`, or an urlencoded form as an object. A repeated name becomes a list; what is
   * not properly escaped stays as it is.
   */
  form(encoded: string, root: string): JsonObject;
  /** A URL, or a path with its query: user info and secrets masked, the rest unchanged. The path's root is `query`. */
  url(url: string): string;
  /** More secret names from now on: the attributes that models mark `sensitive`. */
  addNames(names: Iterable<string>): void;
}

const MAX_LABEL = 256;
/** A name, a sign, a value. */
const SHORTEST_TELLING = 3;
const SMALLEST_CARD_NUMBER = 2e12;
const SEGMENT = /[^/]+/g;

const CIRCULAR = '[Circular]';
const TOO_DEEP = '[Too deep]';
const TRUNCATED = '[Truncated]';

/** @throws TypeError naming the option, what was expected and what was got */
export function createRedactor(options: RedactionOptions = {}): Redactor {
  const policy = createRedactionPolicy(options, (name) => redactedText(name) !== name);
  const { hashKey = '' } = options;

  function copyOf(value: unknown, root: string): Json | undefined {
    try {
      const copy = newCopy(policy.hasPaths ? root.split('.') : undefined);
      const action = copy.path && policy.ofPath(copy.path);
      return action === undefined ? copyValue(value, copy) : replacement(value, action);
    } catch {
      return UNREADABLE;
    }
  }

  /** Undefined for what JSON can't say. */
  function copyValue(value: unknown, copy: Copy): Json | undefined {
    switch (typeof value) {
      case 'string':
        return copyText(value, copy);
      case 'number':
        return copyNumber(value);
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : copyObject(value, copy);
      case 'bigint':
        return copyText(String(value), copy);
      default:
        return undefined;
    }
  }

  function copyText(value: string, copy: Copy): string {
    if (value.length > LONG_TEXT) {
      copy.textLeft -= value.length;
      if (copy.textLeft < 0) return TRUNCATED;
    }
    return redactedText(value);
  }

  function copyObject(value: object, copy: Copy): Json | undefined {
    const { ancestors, path } = copy;
    if (ancestors.includes(value)) return CIRCULAR;
    if (ancestors.length >= MAX_DEPTH) return TOO_DEEP;
    const level = path?.length;
    ancestors.push(value);
    try {
      const plain = plainValue(value);
      if (typeof plain !== 'object' || plain === null) return copyValue(plain, copy);
      if (plain !== value && ancestors.includes(plain)) return CIRCULAR;
      return Array.isArray(plain) ? copyList(plain, copy) : copyProperties(plain, copy);
    } catch {
      return UNREADABLE;
    } finally {
      ancestors.pop();
      if (path && level !== undefined) path.length = level;
    }
  }

  function copyList(list: readonly unknown[], copy: Copy): Json[] {
    const shown: Json[] = [];
    for (let index = 0; index < list.length; index += 1) {
      if (copy.valuesLeft-- <= 0) {
        if (isFirstCut(copy)) shown.push(TRUNCATED);
        break;
      }
      if (!copy.path) {
        shown.push(copyValue(list[index], copy) ?? null);
        continue;
      }
      copy.path.push(String(index));
      const action = policy.ofPath(copy.path);
      if (action !== 'remove')
        shown.push((action ? replacement(list[index], action) : copyValue(list[index], copy)) ?? null);
      copy.path.pop();
    }
    return shown;
  }

  /** Copies all at once, then replaces what has to be: most properties stay as they are. */
  function copyProperties(source: object, copy: Copy): JsonObject {
    const shown = ownProperties(source);
    if (shown['value'] !== undefined) hideLabelled(shown);
    for (const key in shown) {
      if (copy.valuesLeft-- <= 0) return propertiesBefore(key, shown, isFirstCut(copy));
      const value = shown[key];
      copy.path?.push(key);
      const verdict = (copy.path && policy.ofPath(copy.path)) ?? policy.ofName(key);
      const part = verdict === 'keep' || verdict === 'rename' ? copyValue(value, copy) : replacement(value, verdict);
      copy.path?.pop();
      const name = verdict === 'keep' ? key : redactedText(key);
      if (part === undefined || name !== key) delete shown[key];
      else if (part !== value || part === 0) shown[key] = part;
      if (part !== undefined && name !== key) setOwn(shown, name, part);
    }
    return shown as JsonObject;
  }

  /** `{ name: 'password', value: … }`, `{ op: 'replace', path: '/user/password', value: … }`. */
  function hideLabelled(shown: { [key: string]: unknown }): void {
    const label = LABELS.map((name) => shown[name] ?? undefined).find((part) => part !== undefined);
    if (typeof label !== 'string' || label.length > MAX_LABEL) return;
    const verdict = policy.ofName(label.slice(label.lastIndexOf('/') + 1));
    if (verdict !== 'keep' && verdict !== 'rename') shown['value'] = replacement(shown['value'], verdict);
  }

  /** Undefined where nothing is to be seen of it; null and `''` hide nothing. */
  function replacement(value: unknown, action: RedactionAction): Json | undefined {
    if (action === 'remove' || value === undefined || typeof value === 'function' || typeof value === 'symbol')
      return undefined;
    if (value === null || value === '') return value;
    return action === 'hash' ? hashOf(value) : MASK;
  }

  function hashOf(value: unknown): string {
    try {
      const text =
        typeof value === 'string' ? value : typeof value === 'bigint' ? String(value) : JSON.stringify(value);
      const { createHmac } = process.getBuiltinModule('node:crypto');
      return `[HASH:${createHmac('sha256', hashKey).update(text).digest('hex').slice(0, 16)}]`;
    } catch {
      return MASK;
    }
  }

  function redactedText(value: string): string {
    if (value.length < SHORTEST_TELLING) return wellFormed(value);
    if (value.length <= MAX_TEXT) return textOf(value);
    // What a secret near the limit goes on with is seen, what is far beyond is not even read.
    return cut(textOf(value.slice(0, 2 * MAX_TEXT)));
  }

  /** Segments last: they may end in the middle of another secret. */
  function textOf(value: string): string {
    return withoutSegments(redactText(value, replacerOf), 'inText');
  }

  function replacerOf(name: string): ((value: string) => string) | undefined {
    const action = policy.ofNameInText(name);
    return action === undefined ? undefined : replacer(action);
  }

  function replacer(action: RedactionAction): (value: string) => string {
    return action === 'hash' ? hashOf : toMask;
  }

  /** Without the segments of URLs that are secrets. */
  function withoutSegments(text: string, place: 'inPath' | 'inText'): string {
    return policy.urlPaths.reduce((shown, { urlPath, action }) => {
      const replace = replacer(action);
      return urlPath[place](shown, (segment) => (isHidden(segment) ? segment : replace(segment)));
    }, text);
  }

  /** What is escaped is looked at as the text that it is. */
  function showPath(path: string): string {
    return withoutSegments(path, 'inPath').replace(SEGMENT, (segment) => {
      if (!segment.includes('%')) return segment;
      const text = unescapedText(segment);
      const shown = redactedText(text);
      return shown === text ? segment : escapedText(shown);
    });
  }

  function objectOf(value: object, root: string): JsonObject {
    const shown = copyOf(value, root);
    return isObject(shown) ? shown : {};
  }

  function objectText(value: object, root: string): JsonObject | JsonText {
    const text = policy.hasPaths ? undefined : guarded(() => textOfPlain(value), undefined);
    return text === undefined ? objectOf(value, root) : new JsonText(text);
  }

  function textOfPlain(value: object): string | undefined {
    return isPlainObject(value) && !('toJSON' in value) ? objectTexts.object(value) : undefined;
  }

  function pairsText(pairs: Parameters<ObjectTexts['pairs']>[0]): JsonText | undefined {
    const text = policy.hasPaths ? undefined : guarded(() => objectTexts.pairs(pairs), undefined);
    return text === undefined ? undefined : new JsonText(text);
  }

  function partsOf(object: object): (part: object) => Json | undefined {
    const copy = newCopy(undefined);
    copy.ancestors.push(object);
    return (part) => copyObject(part, copy);
  }

  function urlText(url: string): string {
    if (PLAIN_PATH.test(url) && policy.urlPaths.length === 0 && !mayHoldSecret(url)) return url;
    const shown = (): string => redactUrl(url.slice(0, 2 * MAX_TEXT), showPair, showPath);
    return guarded(() => cut(wellFormed(shown())), UNREADABLE);
  }

  function headersOf(headers: readonly string[], root: string): JsonObject | JsonText {
    const shown = policy.hasPaths ? undefined : headerTexts.json(headers);
    return shown === undefined ? objectOf(headersAsSent(headers, urlText), root) : new JsonText(shown);
  }

  const ofName = (name: string): Verdict => policy.ofName(name);
  const headerTexts = new HeaderTexts({ ofName, ofText: redactedText, ofUrl: urlText, replacement });
  const jsonNames = new JsonNames({ ofName, ofText: redactedText });
  const objectTexts = new ObjectTexts({
    ofName,
    ofText: redactedText,
    ofNumber: copyNumber,
    replacement,
    partsOf,
  });

  function json(text: string, root: string): Json | JsonText | undefined {
    const shown = !policy.hasPaths && CONTAINER.test(text) ? redactJson(text, jsonNames, redactedText) : undefined;
    if (shown !== undefined) return new JsonText(shown);
    const value = parseJson(text);
    return value === undefined ? undefined : (copyOf(value, root) ?? null);
  }

  function field(name: string, value: unknown, root: string): Json | undefined {
    const shown = copyOf({ [name]: value }, root);
    return isObject(shown) ? Object.values(shown)[0] : shown;
  }

  function showPair(name: string, value: string): readonly [name: string, value: string] | undefined {
    const verdict = (policy.hasPaths ? policy.ofPath(['query', name]) : undefined) ?? policy.ofName(name);
    if (verdict === 'remove') return undefined;
    if (verdict === 'keep') return [name, redactedText(value)];
    return [redactedText(name), verdict === 'rename' ? redactedText(value) : (replacement(value, verdict) as string)];
  }

  return {
    value: (value, root) => copyOf(value, root) ?? null,
    json: (text, root) => guarded(() => json(text, root), UNREADABLE),
    object: objectOf,
    objectText,
    pairsText,
    headers: (headers, root) => guarded(() => headersOf(headers, root), {}),
    field,
    text: (text) => guarded(() => redactedText(text), UNREADABLE),
    form: (encoded, root) => guarded(() => objectOf(formFields(encoded), root), {}),
    url: urlText,
    addNames(names) {
      policy.addNames(names);
      jsonNames.forget();
      headerTexts.forget();
      objectTexts.forget();
    },
  };
}

/** Our part is not to throw, whatever we were called with and however little stack is left. */
function guarded<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** As most are: without a query, parameters or escapes. */
const PLAIN_PATH = /^[\w./-]{0,1024}$/;

const CONTAINER = /^\s*[[{]/;

/** One copy in the making. */
interface Copy {
  valuesLeft: number;
  textLeft: number;
  isCut: boolean;
  readonly ancestors: object[];
  /** Kept only if there are paths to compare it with. */
  readonly path: string[] | undefined;
}

function newCopy(path: string[] | undefined): Copy {
  return { valuesLeft: MAX_VALUES, textLeft: MAX_ALL_TEXT, isCut: false, ancestors: [], path };
}

/** Only one cut is marked: those of the containers around it go without saying. */
function isFirstCut(copy: Copy): boolean {
  const isFirst = !copy.isCut;
  copy.isCut = true;
  return isFirst;
}

function propertiesBefore(end: string, source: { readonly [key: string]: unknown }, isMarked: boolean): JsonObject {
  const shown: { [key: string]: unknown } = {};
  for (const key in source) {
    if (key === end) break;
    setOwn(shown, key, source[key]);
  }
  if (isMarked) shown['…'] = TRUNCATED;
  return shown as JsonObject;
}

function copyNumber(value: number): number | string | null {
  if (!Number.isFinite(value)) return null;
  const digits = Math.abs(value);
  if (digits >= SMALLEST_CARD_NUMBER && Number.isSafeInteger(value) && isCardNumber(String(digits))) return MASK;
  return value === 0 ? 0 : value;
}

function toMask(): string {
  return MASK;
}

/** On a character's boundary. */
function cut(text: string): string {
  const isWhole = text.length <= MAX_TEXT;
  const end = isHighSurrogate(text.charCodeAt(MAX_TEXT - 1)) ? MAX_TEXT - 1 : MAX_TEXT;
  return isWhole ? text : text.slice(0, end);
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
