import type { AnyValue } from '../vendor/opentelemetry.ts';
import * as A from './attributes.ts';
import type { AppEvent, Json } from './event.ts';
import { recordedException } from './recorded-exception.ts';
import type { LogRecordLike } from './from-log-record.ts';
import { setOwn } from './plain-value.ts';
import type { Redactor } from './redact.ts';

/**
 * The attributes of an app record, redacted: what its event says, under the names that `fromLogRecord` reads it by. What
 * has a structure keeps it.
 */
export function appAttributes(event: AppEvent, record: LogRecordLike, redactor: Redactor): Record<string, AnyValue> {
  const attributes: Record<string, AnyValue> = {};
  const given = event.attributes ?? {};
  for (const name of Object.keys(given)) setOwn(attributes, name, given[name]);
  const { type, message, stack } = recordedException(event, record, redactor);
  const own: readonly (readonly [name: string, value: Json | undefined])[] = [
    [A.CODE_FILE_PATH, event.path],
    [A.CODE_FUNCTION_NAME, event.function],
    [A.CODE_LINE_NUMBER, event.line],
    [A.EXCEPTION_TYPE, type],
    [A.EXCEPTION_MESSAGE, message],
    [A.EXCEPTION_STACKTRACE, stack],
    [A.AUDIT_OUTCOME, event.outcome],
    [A.AUDIT_ACTOR_ID, event.actor_id],
    [A.AUDIT_ACTOR_TYPE, event.actor_type],
    [A.AUDIT_REQUEST_ID, event.request_id],
    [A.AUDIT_RECORD_ID, event.record_id],
    [A.LOG_RECORD_UID, event.record_id],
    [A.AUDIT_SCHEMA_VERSION, event.schema_version],
  ];
  for (const [name, value] of own) if (value !== undefined && value !== '') attributes[name] = value as AnyValue;
  return attributes;
}
