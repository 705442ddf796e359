import type { Origin } from '../context/origin.ts';
import type { AnyValue } from '../vendor/opentelemetry.ts';
import * as A from './attributes.ts';
import { eventContext } from './event-context.ts';
import type { AppEvent } from './event.ts';
import type { Exception } from './exception.ts';
import { SEVERITY_NUMBERS } from './levels.ts';
import { type EmittedLogRecord, putFlat } from './to-log-record.ts';

/** What an app record's line doesn't say, and its LogRecord does. */
export interface AppFacts {
  readonly exception?: Pick<Exception, 'type' | 'message'> | undefined;
  /** Where it was printed already. */
  readonly printedOn?: 'stdout' | 'stderr' | undefined;
}

/** A LogRecord that needs no event name: it has that of its logger, as its scope. */
export type EmittedAppLogRecord = Omit<EmittedLogRecord, 'eventName'>;

/** An app record of ours in OpenTelemetry's words. */
export function toAppLogRecord(event: AppEvent, origin: Origin, facts: AppFacts): EmittedAppLogRecord {
  const bare = toBareAppLogRecord(event, origin, facts);
  return { ...bare, attributes: { ...bare.attributes, ...attributesOf(event) } };
}

/** The same for who takes the event itself: only what the event doesn't say, or says as one text. */
export function toBareAppLogRecord(event: AppEvent, origin: Origin, facts: AppFacts): EmittedAppLogRecord {
  const { printedOn } = facts;
  return {
    timestamp: origin.time,
    severityNumber: SEVERITY_NUMBERS[event.level as keyof typeof SEVERITY_NUMBERS],
    severityText: event.level,
    body: event.message,
    context: eventContext(origin.context, event),
    attributes: { ...(printedOn && { [A.LOG_IOSTREAM]: printedOn }), ...exceptionAttributes(event, facts) },
  };
}

function exceptionAttributes({ exception: stack }: AppEvent, { exception }: AppFacts): Record<string, AnyValue> {
  if (!exception) return {};
  const { type, message } = exception;
  return { [A.EXCEPTION_TYPE]: type, [A.EXCEPTION_MESSAGE]: message, [A.EXCEPTION_STACKTRACE]: stack };
}

function attributesOf(event: AppEvent): Record<string, AnyValue> {
  const attributes: Record<string, AnyValue> = {};
  putFlat(attributes, event.attributes ?? {});
  for (const [name, value] of [
    [A.CODE_FILE_PATH, event.path],
    [A.CODE_FUNCTION_NAME, event.function],
    [A.CODE_LINE_NUMBER, event.line],
    [A.AUDIT_ACTOR_ID, event.actor_id],
    [A.AUDIT_ACTOR_TYPE, event.actor_type],
    [A.AUDIT_REQUEST_ID, event.request_id],
    [A.AUDIT_RECORD_ID, event.record_id],
    [A.LOG_RECORD_UID, event.record_id],
    [A.AUDIT_SCHEMA_VERSION, event.schema_version],
  ] as const) {
    if (value !== undefined && value !== '') attributes[name] = value;
  }
  return attributes;
}
