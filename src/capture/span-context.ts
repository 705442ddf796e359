import { type Work, currentWork, isSameRequest } from '../context/work.ts';
import { type Context, context, trace } from '../vendor/opentelemetry.ts';

/** The active context, if a span is active in it and it is not that of another request, which ends the response of `work`. */
export function spanContextOf(work: Work): Context | undefined {
  const active = context.active();
  const isOurs = trace.getSpanContext(active) && isSameRequest(currentWork(), work);
  return isOurs ? active : undefined;
}
