import type { AnyEvent, RequestEvent } from '../event/event.ts';
import { type HeldBody, JsonText } from '../event/json-text.ts';

/**
 * An event as one line of a file: JSON and a line feed. Whatever the event holds, it is one line, for every reader's
 * idea of a line, and it parses. Never throws.
 */
export function lineOf(event: AnyEvent<HeldBody>): string {
  const json = jsonOf(event);
  return `${isPlain(json) ? json : json.replace(UNSAFE, escape)}\n`;
}

function jsonOf(event: AnyEvent<HeldBody>): string {
  try {
    return event.name === 'audit.request' ? requestJson(event as RequestEvent<HeldBody>) : JSON.stringify(event);
  } catch {
    return JSON.stringify(salvaged(event));
  }
}

/** Bodies that are JSON already are put in as they are. */
function requestJson(event: RequestEvent<HeldBody>): string {
  return objectJson(event, (value, key) => (REPRS.has(key) ? objectJson(value as object, partJson) : partJson(value)));
}

const REPRS: ReadonlySet<string> = new Set<keyof RequestEvent>(['request_repr', 'response_repr']);

/** @param jsonOfPart undefined for what an object leaves out */
function objectJson(object: object, jsonOfPart: (value: unknown, key: string) => string | undefined): string {
  let json = '';
  for (const key in object) {
    const part = jsonOfPart((object as Record<string, unknown>)[key], key);
    if (part !== undefined) json += `${json === '' ? '{' : ','}"${key}":${part}`;
  }
  return json === '' ? '{}' : `${json}}`;
}

function partJson(value: unknown): string | undefined {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
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
function salvaged(event: AnyEvent<HeldBody>): object {
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
