import { isPlainObject } from './is-plain-object.ts';

/** What is not worth to be told apart, or too deep, is told as a whole. */
const MAX_PATHS = 100;
const MAX_DEPTH = 16;

/**
 * Where two JSON objects differ, as the names that lead there; a list is told as a whole.
 *
 * @returns undefined where one of them is no plain object or can't be read, or where they differ in more places than one
 *   wants to see
 */
export function changedPaths(before: unknown, after: unknown): readonly (readonly string[])[] | undefined {
  const paths: string[][] = [];
  try {
    if (!isPlainObject(before) || !isPlainObject(after)) return undefined;
    collect(before, after, [], paths);
  } catch {
    return undefined;
  }
  return paths.length > 0 && paths.length <= MAX_PATHS ? paths : undefined;
}

function collect(before: unknown, after: unknown, path: readonly string[], paths: string[][]): void {
  if (paths.length > MAX_PATHS) return;
  if (path.length < MAX_DEPTH && isPlainObject(before) && isPlainObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collect(ownValue(before, name), ownValue(after, name), [...path, name], paths);
    }
  } else if (!process.getBuiltinModule('node:util').isDeepStrictEqual(before, after)) {
    paths.push([...path]);
  }
}

/** What is there, or above there: where a whole object is masked, its parts are. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (!isPlainObject(found)) return found;
    found = ownValue(found, name);
  }
  return found;
}

function ownValue(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
