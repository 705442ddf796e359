import { createRequire } from 'node:module';
import path from 'node:path';

import type { Span } from './span-trees.ts';

interface DatadogSpan {
  readonly trace_id: bigint;
  readonly span_id: bigint;
  readonly parent_id: bigint;
  readonly name: string;
  readonly resource: string;
  readonly service: string;
  readonly error: bigint;
  readonly meta: Readonly<Record<string, string>>;
}

/**
 * The spans that dd-trace sends to its agent.
 *
 * @param project where `@msgpack/msgpack` is installed
 */
export function datadogSpans(bodies: readonly Buffer[], project: string): Span[] {
  const { decode } = createRequire(path.join(project, 'index.js'))('@msgpack/msgpack') as {
    readonly decode: (body: Buffer, options: object) => unknown;
  };
  const spans = bodies.flatMap((body) => (decode(body, { useBigInt64: true }) as DatadogSpan[][]).flat());
  // The first half of a trace's id is told by its first span.
  const halves = new Map(spans.flatMap(({ trace_id, meta }) => (meta[HALF] ? [[trace_id, meta[HALF]]] : [])));
  return spans.map((span) => spanOf(span, halves.get(span.trace_id) ?? ''));
}

const HALF = '_dd.p.tid';
/** What is another one in each process. */
const OF_PROCESS = new Set([HALF, 'runtime-id', '_dd.rc.client_id', '_dd.tracer_kr', 'tracestate']);

function spanOf(
  { trace_id, span_id, parent_id, name, resource, service, error, meta }: DatadogSpan,
  half: string,
): Span {
  const kept = Object.entries(meta).filter(([key]) => !OF_PROCESS.has(key));
  return {
    traceId: half + hex(trace_id),
    spanId: hex(span_id),
    parentId: parent_id === 0n ? undefined : hex(parent_id),
    kind: meta['span.kind'] ?? 'internal',
    name,
    attributes: Object.fromEntries(kept),
    more: { resource, service, failed: Number(error) },
  };
}

function hex(id: bigint | number): string {
  return id.toString(16).padStart(16, '0');
}
