/** A span, whatever tracer made it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  /** `server`, `client`, or another. */
  readonly kind: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What else the tracer tells of it, as far as it is the same in another run. */
  readonly more?: unknown;
}

/**
 * What spans say, without what differs between two runs: ids, times, ports and stacks. Each span is a text, and is
 * followed by its children, indented. Those that stand beside each other are in the order of their texts.
 *
 * @param ports those of the servers, which are found in URLs
 */
export function spanTrees(spans: readonly Span[], ports: readonly string[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parent: Span | undefined): string[][] =>
    spans
      .filter(({ parentId }) => (parent ? parentId === parent.spanId : !parentId || !ids.has(parentId)))
      .map((span) => [textOf(span, ports)].concat(below(span).flatMap(indented)))
      .toSorted((one, other) => (one.join('\n') < other.join('\n') ? -1 : 1));
  return below(undefined).flat();
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function textOf({ kind, name, attributes, more }: Span, ports: readonly string[]): string {
  const text = JSON.stringify([kind, name, attributes, more], (key, value: unknown) =>
    /(?:port|stacktrace)$/.test(key) ? '…' : sorted(value),
  );
  return ports.reduce((result, port) => result.replaceAll(port, 'port'), text);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
