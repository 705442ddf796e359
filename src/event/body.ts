import { decodeContent } from './content-encoding.ts';
import { contentTypeOf, kindOf } from './content-type.ts';
import { cutText } from './cut-text.ts';
import { decodeText } from './decode-text.ts';
import { headerOf } from './header-of.ts';
import type { Json } from './event.ts';
import type { JsonText } from './json-text.ts';
import { multipartRepr } from './multipart-repr.ts';
import type { Redactor } from './redact.ts';
import { maskCutValue } from './secrets.ts';

/** What was kept of a body while it passed. */
export interface Body {
  /** Bytes on the wire. */
  readonly size: number;
  /** The first bytes: all of them, or {@link LOOK_AHEAD} more than the limit. */
  readonly bytes: () => Buffer;
  /** Whether it came to its end: false for an upload that was broken off. */
  readonly complete: boolean;
  /** Whether the record is to show nothing of it but its size. */
  readonly hidden?: boolean;
}

/**
 * How many bytes beyond the limit are kept: a secret that lies across the limit is found whole, and redacted, before the
 * text is cut.
 */
export const LOOK_AHEAD = 1024;

const BINARY = { body: 'Binary content' } as const;

/**
 * A body as its record shows it, redacted: a value for JSON, an object for a form, a text for text, or a word for what
 * can't be shown. One that is longer than `limit` bytes, or was broken off, has `body_truncated`: of a multipart form it
 * shows what was found so far; any other is a text, cut on a character boundary.
 *
 * @param headers the headers that describe it: name, value, name, value …
 * @param root the first segments of its path, for redaction by path
 */
export function bodyRepr(
  body: Body,
  headers: readonly string[],
  root: string,
  redactor: Redactor,
  limit: number,
): { body?: Json | JsonText; body_truncated?: true } {
  if (body.size === 0 || body.hidden) return {};
  const kept = body.bytes();
  const decoded = decodeContent(kept, headerOf(headers, 'content-encoding'), limit + LOOK_AHEAD);
  if (!decoded) return BINARY;
  const { bytes } = decoded;
  if (bytes.length === 0) return { ...BINARY, body_truncated: true };
  const type = contentTypeOf(headers);
  const kind = kindOf(type, bytes);
  if (kind === 'binary') return BINARY;
  const whole = body.complete && kept.length === body.size && decoded.whole && bytes.length <= limit;
  if (kind === 'multipart') {
    const shown = multipartRepr(bytes, type.boundary, root, redactor, limit);
    return shown ? { body: shown, ...(!whole && { body_truncated: true }) } : BINARY;
  }
  const text = decodeText(bytes, type.charset);
  if (text === undefined) return BINARY;
  if (whole && kind === 'json') return { body: redactor.json(text, root) ?? 'Invalid JSON' };
  // No text has it: this is UTF-16 that doesn't say so.
  if (text.includes('\0')) return BINARY;
  const isForm = kind === 'form' && !BEGINS_LIKE_JSON.test(text);
  if (!whole) return { body: cutText(cutRepr(maskCutValue(text), isForm, redactor), limit), body_truncated: true };
  if (isForm) return { body: redactor.form(text, root) };
  return { body: kind === 'form' ? jsonOrText(text, root, redactor) : redactor.text(text) };
}

/** What `curl -d` sends, where nobody tells it the type. */
const BEGINS_LIKE_JSON = /^\s*[{[]/;

/** A form is redacted pair by pair, since its escapes hide names and values. */
function cutRepr(text: string, isForm: boolean, redactor: Redactor): string {
  return isForm ? redactor.url(`?${text}`).slice(1) : redactor.text(text);
}

function jsonOrText(text: string, root: string, redactor: Redactor): Json | JsonText {
  return redactor.json(text, root) ?? redactor.text(text);
}
