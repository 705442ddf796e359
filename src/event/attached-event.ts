import type { Actor } from '../context/actor.ts';
import { currentOrigin } from '../context/origin.ts';
import { type Context, trace } from '../vendor/opentelemetry.ts';
import { eventIn } from './event-context.ts';
import { SCHEMA_VERSION } from './attributes.ts';
import type { AnyEvent } from './event.ts';
import { type LogRecordLike, fromLogRecord, serviceName } from './from-log-record.ts';
import type { JsonText } from './json-text.ts';
import { ON_BEHALF_OF, onBehalfOf } from './on-behalf-of.ts';
import { recordId } from './record-id.ts';
import type { Redactor } from './redact.ts';

const SLOT = Symbol.for('activity-audit.event.1');

interface Attached extends LogRecordLike {
  [SLOT]?: AnyEvent<JsonText>;
}

/**
 * Hangs on a record the event that it tells of, while the work that made it is still in hand: ours, from the context it
 * was emitted with, or the event of foreign code's app record, with the request and the actor of that work.
 */
export function attachEvent(record: LogRecordLike, context: Context | undefined, redactor: Redactor): void {
  const slot: Attached = record;
  if (slot[SLOT]) return;
  const emitted = eventIn(context);
  slot[SLOT] = emitted ? withServiceName(emitted, record) : withOrigin(fromLogRecord(record, redactor), redactor);
}

/** The event that a record tells of: the attached one, else what its attributes say. */
export function attachedEvent(record: LogRecordLike, redactor: Redactor): AnyEvent<JsonText> {
  return (record as Attached)[SLOT] ?? fromLogRecord(record, redactor);
}

function withServiceName<E extends AnyEvent<JsonText>>(event: E, record: LogRecordLike): E {
  return event.service_name ? event : { ...event, service_name: serviceName(record) ?? event.service_name };
}

/** What the record of foreign code doesn't say itself: in which request and for whom it was made, and its own id. */
function withOrigin(event: AnyEvent, redactor: Redactor): AnyEvent {
  const { actor, requestId, time, context } = currentOrigin();
  const span = event.trace_id === undefined ? trace.getSpanContext(context) : undefined;
  const namesActor = event.actor_id !== undefined;
  const principal = namesActor ? undefined : actor.onBehalfOf;
  return {
    ...(principal ? withPrincipal(event, principal, redactor) : event),
    actor_id: namesActor ? event.actor_id : actor.id,
    actor_type: namesActor ? event.actor_type : actor.type,
    request_id: event.request_id ?? requestId,
    trace_id: event.trace_id ?? span?.traceId,
    span_id: event.span_id ?? span?.spanId,
    record_id: event.record_id ?? recordId(time),
    schema_version: event.schema_version ?? SCHEMA_VERSION,
  };
}

function withPrincipal(event: AnyEvent, principal: Actor, redactor: Redactor): AnyEvent {
  const shown = onBehalfOf(principal, redactor);
  if ('extra' in event) return { ...event, extra: { ...event.extra, on_behalf_of: shown } };
  return { ...event, attributes: { ...event.attributes, [ON_BEHALF_OF]: shown } };
}
