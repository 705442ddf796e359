import type { LogRecordLike } from '../event/from-log-record.ts';
import type { JsonObject } from '../event/event.ts';
import type { Redactor } from '../event/redact.ts';

/** What a resource says as far as it is known, redacted. */
export function resourceAttributes(resource: LogRecordLike['resource'], redactor: Redactor): JsonObject {
  const attributes = Object.fromEntries(
    Object.entries(knownAttributes(resource)).map(([name, value]) => [name, asArguments(value, redactor)]),
  );
  return redactor.object(attributes, 'resource');
}

/** Those that are still being looked up are promises; of several with one name, the first counts. */
function knownAttributes(resource: LogRecordLike['resource']): Readonly<Record<string, unknown>> {
  if (resource.asyncAttributesPending !== true) return resource.attributes;
  const known = (resource.getRawAttributes?.() ?? []).filter(([, value]) => !(value instanceof Promise));
  return Object.fromEntries(known.toReversed());
}

/** The arguments of a process: one may say of the next that it is a secret (`--password`, `x`). Then all are one text. */
function asArguments(value: unknown, redactor: Redactor): unknown {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) return value;
  const text = value.join(' ');
  const shown = redactor.text(text);
  return shown === text ? value : [shown];
}
