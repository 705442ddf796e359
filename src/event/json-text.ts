import type { AuditEvent, Json, RequestEvent } from './event.ts';

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

/** How a body is held from its capture to its export. */
export type HeldBody = Json | JsonText;

/** An event with its bodies as values, for those who look into them. */
export function withValues(event: AuditEvent<HeldBody>): AuditEvent {
  if (event.name !== 'audit.request') return event;
  const { request_repr: request, response_repr: response } = event;
  return { ...event, request_repr: withValue(request), response_repr: withValue(response) } as RequestEvent;
}

function withValue<Repr extends { readonly body?: HeldBody | undefined }>(repr: Repr): Repr {
  return repr.body instanceof JsonText ? { ...repr, body: repr.body.toJSON() } : repr;
}
