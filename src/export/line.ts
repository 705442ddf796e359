import type { AnyEvent } from '../event/event.ts';
import type { JsonText } from '../event/json-text.ts';
import { eventJson } from './event-json.ts';
import { oneLine } from './one-line.ts';

/**
 * An event as one line of a file, in the format of the original system: JSON and a line feed. Whatever the event holds,
 * it is one line, for every reader's idea of a line, and it parses. Never throws.
 */
export function lineOf(event: AnyEvent<JsonText>): string {
  return oneLine(eventJson(event));
}
