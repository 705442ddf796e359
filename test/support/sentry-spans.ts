import type { Span } from './span-trees.ts';

/** An item of an envelope: its head, and what it holds. */
export type SentryItem = readonly [head: { readonly type: string }, content: unknown];

/** The spans of Sentry's SDK, and the errors that it caught, each beside what it was caught in. */
export function sentrySpans(items: readonly SentryItem[]): Span[] {
  return items.flatMap(([{ type }, content]) => {
    if (type === 'span') return (content as { items: SentrySpan[] }).items.map(spanOf);
    if (type === 'transaction') return spansOfTransaction(content as SentryTransaction);
    return type === 'event' ? [spanOfError(content as SentryEvent)] : [];
  });
}

/** As a stream of spans has them. */
interface SentrySpan {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  readonly status: string;
  readonly attributes: Readonly<Record<string, { readonly value: unknown }>>;
}

/** As transactions have them. */
interface SentryChild {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly description?: string;
  readonly status?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface SentryTransaction {
  readonly transaction: string;
  readonly contexts: { readonly trace: SentryChild };
  readonly spans: readonly SentryChild[];
}

interface SentryEvent {
  readonly event_id: string;
  readonly contexts: { readonly trace: { readonly trace_id: string; readonly span_id: string } };
  readonly exception: { readonly values: readonly { readonly type: string; readonly value: string }[] };
  readonly transaction: string;
}

/** What is another one in each process. */
const OF_PROCESS = /^(?:app|culture|device|os|process)\.|segment\.id$|baggage|sample_rand|sentry[-_]trace/;

function spanOf({ trace_id, span_id, parent_span_id, name, status, attributes }: SentrySpan): Span {
  const values = Object.entries(attributes).map(([key, { value }]) => [key, value] as const);
  const data = Object.fromEntries(values);
  return spanFrom({ trace_id, span_id, ...(parent_span_id && { parent_span_id }), status, data }, name);
}

function spansOfTransaction({ transaction, contexts, spans }: SentryTransaction): Span[] {
  return [spanFrom(contexts.trace, transaction), ...spans.map((span) => spanFrom(span, span.description ?? ''))];
}

function spanFrom({ trace_id, span_id, parent_span_id, status, data }: SentryChild, name: string): Span {
  const kept = Object.entries(data).filter(([key]) => !OF_PROCESS.test(key));
  return {
    traceId: trace_id,
    spanId: span_id,
    parentId: parent_span_id,
    kind: String(data['sentry.op'] ?? '').replace(/^http\./, ''),
    name,
    attributes: Object.fromEntries(kept),
    more: status,
  };
}

function spanOfError({ event_id, contexts, exception, transaction }: SentryEvent): Span {
  const { trace_id, span_id } = contexts.trace;
  const errors = exception.values.map(({ type, value }) => `${type}: ${value}`);
  return {
    traceId: trace_id,
    spanId: event_id,
    parentId: span_id,
    kind: 'error',
    name: transaction,
    attributes: { errors },
  };
}
