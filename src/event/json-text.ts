import type { AuditEvent, Json, ModelEvent, RequestEvent } from './event.ts';

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

/** The same without its quotes, for who puts it together with others. */
export function insideQuotes(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text).slice(1, -1);
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** An event with all of it as values, for those who look into it. */
export function withValues(event: AuditEvent<JsonText>): AuditEvent {
  const parts = event.name === 'audit.request' ? REQUEST_PARTS : event.name === 'audit.model' ? MODEL_PARTS : [];
  const valued: Record<string, unknown> = { ...event };
  for (const part of parts) valued[part] = withValuesIn(valued[part]);
  return valued as unknown as AuditEvent;
}

const MODEL_PARTS: readonly (keyof ModelEvent)[] = ['instance_repr', 'user_info', 'extra', 'changes'];
const REQUEST_PARTS: readonly (keyof RequestEvent)[] = ['user_info', 'request_repr', 'response_repr'];

/** Of the part itself, or of what it holds. */
function withValuesIn(part: unknown): unknown {
  if (part instanceof JsonText) return part.toJSON();
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([name, held]) => [name, held instanceof JsonText ? held.toJSON() : held]),
  );
}

/** The value of what may be held as its text. */
export function valueOf<Value extends Json>(held: Value | JsonText): Value {
  return held instanceof JsonText ? (held.toJSON() as Value) : held;
}
