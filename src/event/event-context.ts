import { type Context, createContextKey } from '../vendor/opentelemetry.ts';
import type { AuditEvent } from './event.ts';

/** Shared by all copies of this package in a process. */
const EVENT = createContextKey('activity-audit.event.1');

/** `context` with the event that a record is made of. */
export function eventContext(context: Context, event: AuditEvent): Context {
  return context.setValue(EVENT, event);
}

/** The event that a record was made of, if it was emitted by us. */
export function eventIn(context: Context | undefined): AuditEvent | undefined {
  return context?.getValue(EVENT) as AuditEvent | undefined;
}
