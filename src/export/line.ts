import type { AnyEvent } from '../event/event.ts';

/**
 * An event as one line of a file: JSON and a line feed. Whatever the event holds, it is one line, for every reader's
 * idea of a line, and it parses. Never throws.
 */
export function lineOf(event: AnyEvent): string {
  const json = jsonOf(event);
  return `${isPlain(json) ? json : json.replace(UNSAFE, escape)}\n`;
}

function jsonOf(event: AnyEvent): string {
  try {
    return JSON.stringify(event);
  } catch {
    return JSON.stringify(salvaged(event));
  }
}

/** What `JSON.stringify` leaves as it is: DEL, the C1 controls (with NEL) and Unicode's own line breaks. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g;

/** Whether there is nothing to escape: nearly always, and found at a tenth of what the expression costs. */
function isPlain(json: string): boolean {
  return Buffer.byteLength(json) === json.length && !json.includes('\u007f');
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The keys of an event that broke its contract, without the values that no JSON can hold. */
function salvaged(event: AnyEvent): object {
  return Object.fromEntries(Object.entries(event).map(([key, value]) => [key, isJson(value) ? value : UNSERIALIZABLE]));
}

const UNSERIALIZABLE = 'Unserializable content';

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
