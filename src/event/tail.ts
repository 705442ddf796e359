import type { Origin } from '../context/origin.ts';
import { isSpanContextValid, trace } from '../vendor/opentelemetry.ts';
import { SCHEMA_VERSION } from './attributes.ts';
import type { Outcome, Tail } from './event.ts';
import { recordId } from './record-id.ts';

/**
 * The end of every record of ours; that of an app record tells no outcome.
 *
 * @param hasServiceName whether the event itself has a `service_name`; otherwise the tail keeps a place for it
 */
export function tail(origin: Origin, outcome?: Outcome): Tail;
export function tail(origin: Origin, outcome: Outcome, hasServiceName: true): Omit<Tail, 'service_name'>;
export function tail(origin: Origin, outcome: Outcome | undefined, hasServiceName = false): Tail {
  const span = trace.getSpanContext(origin.context);
  const known = span !== undefined && isSpanContextValid(span);
  return {
    outcome,
    actor_id: origin.actor.id,
    actor_type: origin.actor.type,
    request_id: origin.requestId,
    trace_id: known ? span.traceId : undefined,
    span_id: known ? span.spanId : undefined,
    ...(hasServiceName ? undefined : { service_name: undefined }),
    record_id: recordId(origin.time),
    schema_version: SCHEMA_VERSION,
  };
}

/** `user_id` of an actor: `""` if nobody is known. */
export function userId(origin: Origin): string {
  const { id, type } = origin.actor;
  return id === 'anonymous' || (id === 'system' && type === 'system') ? '' : id;
}
