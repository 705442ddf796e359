import { isUtf8 } from 'node:buffer';

import { headerOf } from './header-of.ts';

/** A `Content-Type`; `""` for what it doesn't say. */
export interface ContentType {
  /** In lower case, as is the charset. */
  readonly media: string;
  readonly charset: string;
  readonly boundary: string;
}

/** @param headers name, value, name, value … */
export function contentTypeOf(headers: readonly string[]): ContentType {
  const header = headerOf(headers, 'content-type');
  const end = header.indexOf(';');
  if (end < 0) return { media: header.trim().toLowerCase(), charset: '', boundary: '' };
  const media = header.slice(0, end).trim().toLowerCase();
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(header.slice(end))?.[1] ?? '';
  const [, quoted, bare = ''] = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(header.slice(end)) ?? [];
  return { media, charset: charset.toLowerCase(), boundary: quoted ?? bare };
}

export type Kind = 'json' | 'form' | 'multipart' | 'text' | 'binary';

const TEXT_MEDIA =
  /^(?:text\/|application\/(?:xml|yaml|x-yaml|javascript|ecmascript|graphql|sql|toml|x-ndjson)$)|\+(?:xml|yaml)$/;

/** What a body of that media type can be shown as; one without a type is looked at. */
export function kindOf({ media, charset, boundary }: ContentType, bytes: Buffer): Kind {
  if (media === 'application/json' || media.endsWith('+json') || media === 'text/json') return 'json';
  if (media === 'application/x-www-form-urlencoded') return 'form';
  if (TEXT_MEDIA.test(media)) return 'text';
  if (media.startsWith('multipart/'))
    return media === 'multipart/form-data' && boundary !== '' ? 'multipart' : 'binary';
  if (charset !== '') return 'text';
  return media === '' && looksLikeText(bytes) ? 'text' : 'binary';
}

/** Whether a body without a content type is text. The end may lie in the middle of a character. */
function looksLikeText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false;
  for (let end = bytes.length; end > bytes.length - 4 && end > 0; end -= 1) {
    if (isUtf8(bytes.subarray(0, end))) return true;
  }
  return false;
}
