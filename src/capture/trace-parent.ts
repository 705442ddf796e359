import { type SpanContext, isSpanContextValid, parseTraceParent } from '../vendor/opentelemetry.ts';

/** The span that a header `traceparent` names, if it is a valid one. */
export function spanOf(traceparent: unknown): SpanContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const span = parseTraceParent(traceparent);
  return span && isSpanContextValid(span) ? { ...span, isRemote: true } : undefined;
}
