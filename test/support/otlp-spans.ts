import type { Span } from './span-trees.ts';

/** The spans in requests of OTLP in JSON. */
export function otlpSpans(bodies: readonly Buffer[]): Span[] {
  const requests = bodies.map((body) => JSON.parse(body.toString()) as OtlpTraces);
  const scopes = requests.flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans));
  return scopes.flatMap(({ spans }) => spans).map(spanOf);
}

interface OtlpTraces {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: object;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: object;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly OtlpAttribute[] }[];
  readonly links: readonly unknown[];
}

const KINDS = ['unspecified', 'internal', 'server', 'client'];

function spanOf({ traceId, spanId, parentSpanId, name, kind, attributes, ...rest }: OtlpSpan): Span {
  const { status, links, events } = rest;
  return {
    traceId,
    spanId,
    parentId: parentSpanId,
    kind: KINDS[kind] ?? 'other',
    name,
    attributes: record(attributes),
    more: { status, links: links.length, events: events.map((one) => [one.name, record(one.attributes)]) },
  };
}

function record(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
