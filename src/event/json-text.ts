import type { AuditEvent, JsonObject, Json, RequestEvent } from './event.ts';

/** A JSON value that is kept as its text: what is only written again need not be made into a value in between. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The value, also for `JSON.stringify`. */
  toJSON(): Json {
    return JSON.parse(this.text) as Json;
  }
}

/** A text as JSON. Most have nothing to escape, which is found at half of what `JSON.stringify` costs. */
export function textJson(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** An event with all of it as values, for those who look into it. */
export function withValues(event: AuditEvent<JsonText>): AuditEvent {
  if (event.name !== 'audit.request') return event;
  const { request_repr: request, response_repr: response } = event;
  return { ...event, request_repr: withValuesIn(request), response_repr: withValuesIn(response) } as RequestEvent;
}

interface Repr {
  readonly headers: JsonObject | JsonText;
  readonly body?: Json | JsonText | undefined;
}

function withValuesIn(repr: Repr): object {
  const { headers, body } = repr;
  return { ...repr, headers: valueOf(headers), ...(body !== undefined && { body: valueOf(body) }) };
}

/** The value of what may be held as its text. */
export function valueOf<Value extends Json>(held: Value | JsonText): Value {
  return held instanceof JsonText ? (held.toJSON() as Value) : held;
}
