/**
 * The subjects that `--only` chose, each by a part of its name; all, if nothing was chosen.
 *
 * @param always what the others are compared with
 * @throws TypeError when a part is in no name
 */
export function chosen<Name extends string>(
  names: readonly Name[],
  only: readonly string[],
  always: readonly Name[],
): readonly Name[] {
  const unknown = only.find((part) => !names.some((name) => name.includes(part)));
  if (unknown !== undefined)
    throw new TypeError(`--only: expected a part of one of "${names.join('", "')}", got "${unknown}"`);
  if (only.length === 0) return names;
  return names.filter((name) => always.includes(name) || only.some((part) => name.includes(part)));
}
