import { attributeText } from './attribute-text.ts';
import { EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE } from './attributes.ts';
import type { AppEvent } from './event.ts';
import type { LogRecordLike } from './from-log-record.ts';
import type { Redactor } from './redact.ts';

/** The exception of an app record, redacted; a part that isn't known is undefined. */
export interface RecordedException {
  readonly type?: string | undefined;
  readonly message?: string | undefined;
  readonly stack?: string | undefined;
}

/** The parts that `event.exception` was made of. */
export function recordedException(
  event: AppEvent,
  { attributes }: LogRecordLike,
  redactor: Redactor,
): RecordedException {
  if (event.exception === '') return {};
  const [type, message, stack] = [EXCEPTION_TYPE, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE].map((name) =>
    attributeText(attributes[name]),
  ) as [string, string, string];
  if (stack === '') return partsOf(type, event.exception);
  return { ...partsOf(type, redactor.text([type, message].filter(Boolean).join(': '))), stack: event.exception };
}

/** Type and message were redacted as one text, since one may say that the other is a secret. */
function partsOf(type: string, text: string): RecordedException {
  if (text === '') return {};
  if (type === text) return { type };
  const start = `${type}: `;
  return type !== '' && text.startsWith(start) ? { type, message: text.slice(start.length) } : { message: text };
}
