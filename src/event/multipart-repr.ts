import { contentTypeOf, kindOf } from './content-type.ts';
import { cutText } from './cut-text.ts';
import { decodeText } from './decode-text.ts';
import type { Json, JsonObject } from './event.ts';
import { grouped } from './grouped.ts';
import { type Part, multipartParts } from './multipart.ts';
import { setOwn } from './plain-value.ts';
import type { Redactor } from './redact.ts';
import { maskCutValue } from './secrets.ts';

/**
 * A `multipart/form-data` body as its record shows it: its fields, redacted by name, and what is said of its files, never
 * what is in them. Undefined if no part is found.
 *
 * @param bytes its first bytes: more than `limit`, for secrets that lie across it, where it is longer
 */
export function multipartRepr(
  bytes: Buffer,
  boundary: string,
  root: string,
  redactor: Redactor,
  limit: number,
): JsonObject | undefined {
  const parts = multipartParts(bytes, boundary).filter(({ start }) => start <= limit);
  if (parts.length === 0) return undefined;
  const fields: [name: string, value: Json][] = [];
  const files: Json[] = [];
  for (const part of parts) {
    if (isFile(part)) {
      files.push(fileRepr(part, redactor));
      continue;
    }
    const [name, value] = fieldRepr(part, root, redactor, limit) ?? [];
    if (name !== undefined && value !== undefined) fields.push([name, value]);
  }
  return { fields: grouped(fields), files };
}

function isFile({ filename, contentType, value }: Part): boolean {
  if (filename !== undefined) return true;
  return value.length > 0 && kindOf(contentTypeOf(['content-type', contentType]), value) === 'binary';
}

/** The size is that of the whole file, or not known. */
function fileRepr({ name, filename, contentType, value, whole }: Part, redactor: Redactor): JsonObject {
  return {
    name: redactor.text(name),
    ...(filename !== undefined && { filename: redactor.text(filename) }),
    ...(contentType !== '' && { content_type: redactor.text(contentType) }),
    ...(whole && { size: value.length }),
  };
}

/** Undefined for a field that is to be removed. */
function fieldRepr(
  { name, contentType, value, start, whole }: Part,
  root: string,
  redactor: Redactor,
  limit: number,
): [name: string, value: Json | undefined] | undefined {
  const { charset } = contentTypeOf(['content-type', contentType]);
  const field = {};
  const text = decodeText(value, charset);
  if (text === undefined || text.includes('\0')) setOwn(field, name, 'Binary content');
  else setOwn(field, name, whole ? text : maskCutValue(text));
  const [shown] = Object.entries(redactor.object(field, `${root}.fields`));
  if (!shown || typeof shown[1] !== 'string' || start + value.length <= limit) return shown;
  return [shown[0], cutText(shown[1], limit - start)];
}
