import { ownText } from './own-text.ts';
import { isSecretName, lettersOf } from './secrets.ts';
import { URL_PATH, type UrlPath, isUrlPath, urlPath } from './url-path.ts';

/**
 * What becomes of a secret: `mask` shows `[REDACTED]` in its place; `remove` leaves its name out as well (inside a text,
 * where nothing can be left out, it masks); `hash` shows `[HASH:…]`, the same for equal values.
 */
export type RedactionAction = 'mask' | 'remove' | 'hash';

export interface RedactionRule {
  /** Names of fields, whatever the case and the separators, at any depth. */
  readonly names?: readonly string[];
  /** Ends of paths, see {@link RedactionOptions.paths}. */
  readonly paths?: readonly string[];
  /** Paths of URLs, see {@link RedactionOptions.urlPaths}. */
  readonly urlPaths?: readonly string[];
  readonly action: RedactionAction;
}

export interface RedactionOptions {
  /**
   * More names that are secret, masked: `iban` is also `IBAN` and `i-ban`, not `customerIban`.
   *
   * @default []
   */
  readonly names?: readonly string[];
  /**
   * Paths that are secret, masked: `User.notes`, `request.body.customer.iban`, `headers.x-internal`. A path counts
   * wherever a whole path ends with it, whatever the case; an index is a segment; `*` is any one segment. In a text, which
   * has no paths, its last segment counts as a name.
   *
   * @default []
   */
  readonly paths?: readonly string[];
  /**
   * Paths of URLs with segments that are secret, masked: `/reset/:token`, `/invite/:team/:code`. A segment that begins
   * with `:` is a secret, `*` is any one segment. A path counts wherever its segments stand in a row, whatever the case:
   * in the paths of requests that come in and go out, in headers, bodies, error messages and other texts.
   *
   * @default []
   */
  readonly urlPaths?: readonly string[];
  /**
   * Names that are no secrets after all, against the default names and the attributes that models mark `sensitive`; never
   * against `names` and `rules`, nor for values that are secret under any name.
   *
   * @default []
   */
  readonly allow?: readonly string[];
  /**
   * What to do with which; the first rule that fits, before `names`, `paths` and the defaults.
   *
   * @default []
   */
  readonly rules?: readonly RedactionRule[];
  /** The key of `hash`: at least 16 characters, the same wherever hashes are compared. */
  readonly hashKey?: string;
}

/** `rename` is for a name that holds a secret itself, and isn't the name of one. */
export type Verdict = RedactionAction | 'keep' | 'rename';

/** Decides what becomes of a value, by its name and its path. */
export interface RedactionPolicy {
  readonly hasPaths: boolean;
  readonly urlPaths: readonly UrlPathAction[];
  ofName(name: string): Verdict;
  ofPath(path: readonly string[]): RedactionAction | undefined;
  /** Of a name in a text: a path counts by its last segment there. */
  ofNameInText(name: string): RedactionAction | undefined;
  /** More secret names from now on. */
  addNames(names: Iterable<string>): void;
}

interface UrlPathAction {
  readonly urlPath: UrlPath;
  readonly action: RedactionAction;
}

/** Verdicts that are remembered; hostile names make it forget them all rather than grow. */
const MAX_VERDICTS = 2000;
const MAX_REMEMBERED_NAME = 256;

/**
 * @param isTelling whether a text holds a secret: a name may, too
 * @throws TypeError naming the option, what was expected and what was got
 */
export function createRedactionPolicy(
  options: RedactionOptions,
  isTelling: (name: string) => boolean,
): RedactionPolicy {
  check(options);
  const rules: readonly RedactionRule[] = [
    ...(options.rules ?? []),
    { names: options.names ?? [], paths: options.paths ?? [], urlPaths: options.urlPaths ?? [], action: 'mask' },
  ];
  const named = actionsByName(rules);
  const paths = actionsByPath(rules);
  const lastSegments = new Map(
    paths.toReversed().map(({ path, action }) => [lettersOf(path.findLast(isNamed) ?? ''), action]),
  );
  lastSegments.delete('');
  const allowed = new Set(options.allow?.map(lettersOf));
  const sensitive = new Set<string>();
  const verdicts = new Map<string, Verdict>();

  function ofName(name: string): Verdict {
    const remembered = verdicts.get(name);
    if (remembered !== undefined) return remembered;
    const verdict = decide(name);
    if (name.length <= MAX_REMEMBERED_NAME) {
      if (verdicts.size >= MAX_VERDICTS) verdicts.clear();
      verdicts.set(ownText(name), verdict);
    }
    return verdict;
  }

  function decide(name: string): Verdict {
    const letters = lettersOf(name);
    const action = named.get(letters);
    if (action !== undefined) return action;
    if (!allowed.has(letters) && (sensitive.has(letters) || isSecretName(name))) return 'mask';
    return isTelling(name) ? 'rename' : 'keep';
  }

  return {
    hasPaths: paths.length > 0,
    urlPaths: rules.flatMap(({ urlPaths = [], action }) =>
      urlPaths.map((pattern) => ({ urlPath: urlPath(pattern), action })),
    ),
    ofName,
    ofPath: (path) => paths.find((rule) => endsWith(path, rule.path))?.action,
    ofNameInText(name) {
      const verdict = ofName(name);
      if (verdict !== 'keep' && verdict !== 'rename') return verdict;
      return lastSegments.size === 0 ? undefined : lastSegments.get(lettersOf(name));
    },
    addNames(names) {
      for (const name of names) sensitive.add(lettersOf(name));
      verdicts.clear();
    },
  };
}

function actionsByName(rules: readonly RedactionRule[]): Map<string, RedactionAction> {
  const actions = new Map<string, RedactionAction>();
  for (const { names = [], action } of rules) {
    for (const name of names.map(lettersOf)) if (!actions.has(name)) actions.set(name, action);
  }
  return actions;
}

interface PathAction {
  readonly path: readonly string[];
  readonly action: RedactionAction;
}

function actionsByPath(rules: readonly RedactionRule[]): PathAction[] {
  return rules.flatMap(({ paths = [], action }) =>
    paths.map((path) => ({ path: path.toLowerCase().split('.'), action })),
  );
}

function isNamed(segment: string): boolean {
  return segment !== '*' && !/^\d*$/.test(segment);
}

function endsWith(path: readonly string[], end: readonly string[]): boolean {
  if (end.length > path.length) return false;
  for (let fromEnd = 1; fromEnd <= end.length; fromEnd += 1) {
    const segment = end[end.length - fromEnd] as string;
    if (segment !== '*' && !isSameSegment(segment, path[path.length - fromEnd] as string)) return false;
  }
  return true;
}

function isSameSegment(lowerCase: string, segment: string): boolean {
  return lowerCase.length === segment.length && (lowerCase === segment || lowerCase === segment.toLowerCase());
}

function check(options: RedactionOptions): void {
  expect(isObject(options), 'redaction', 'an object', options);
  checkStrings(options.names, 'redaction.names');
  checkStrings(options.paths, 'redaction.paths');
  checkUrlPaths(options.urlPaths, 'redaction.urlPaths');
  checkStrings(options.allow, 'redaction.allow');
  const { rules = [], hashKey } = options;
  expect(Array.isArray(rules), 'redaction.rules', 'a list of rules', rules);
  rules.forEach((rule, at) => checkRule(rule, `redaction.rules[${at}]`));
  if (hashKey === undefined) {
    const hashes = rules.findIndex((rule) => rule.action === 'hash');
    expect(hashes === -1, 'redaction.hashKey', `a text, as redaction.rules[${hashes}] hashes`, hashKey);
  } else {
    expect(typeof hashKey === 'string', 'redaction.hashKey', 'a text of at least 16 characters', typeof hashKey);
    // The key itself is a secret.
    expect(hashKey.length >= 16, 'redaction.hashKey', 'a text of at least 16 characters', hashKey.length);
  }
}

function checkRule(rule: RedactionRule, option: string): void {
  expect(isObject(rule), option, 'an object with an action, and names or paths', rule);
  checkStrings(rule.names, `${option}.names`);
  checkStrings(rule.paths, `${option}.paths`);
  checkUrlPaths(rule.urlPaths, `${option}.urlPaths`);
  expect(
    ['mask', 'remove', 'hash'].includes(rule.action),
    `${option}.action`,
    "'mask', 'remove' or 'hash'",
    rule.action,
  );
}

function checkStrings(list: unknown, option: string): void {
  const isList =
    list === undefined || (Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== ''));
  expect(isList, option, 'a list of texts that are not empty', list);
}

function checkUrlPaths(list: unknown, option: string): void {
  checkStrings(list, option);
  for (const pattern of (list as readonly string[] | undefined) ?? [])
    expect(isUrlPath(pattern), option, URL_PATH, pattern);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function expect(holds: boolean, option: string, expected: string, got: unknown): void {
  if (holds) return;
  throw new TypeError(`${option}: expected ${expected}, got ${inspect(got)} (${typeof got})`);
}

function inspect(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
