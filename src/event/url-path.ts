import { decodeComponent } from './decode-component.ts';

/**
 * A pattern for the paths of URLs, `/reset/:token`: it fits wherever its segments stand in a row, at any place of a path,
 * whatever the case and the percent-encoding; `*` is any one segment, `:name` one that is a secret.
 */
export interface UrlPath {
  /** The secret segments of a URL's path, replaced. */
  inPath(path: string, replace: (segment: string) => string): string;
  /** The same for all paths in a text, plain or as they stand in a query or in JSON; a segment ends with the word. */
  inText(text: string, replace: (segment: string) => string): string;
}

/** What such a pattern has to be, for the person who wrote it. */
export const URL_PATH = 'a path such as /reset/:token, of words, * and at least one :name';

export function isUrlPath(pattern: string): boolean {
  const segments = segmentsOf(pattern);
  return (
    /^\/[^?#\s]+$/.test(pattern) &&
    segments.every((segment) => segment === '*' || isSecret(segment) || isWord(segment)) &&
    segments.some(isSecret) &&
    segments.some(isWord)
  );
}

/** @param pattern one that {@link isUrlPath} */
export function urlPath(pattern: string): UrlPath {
  const segments = segmentsOf(pattern);
  const path = expression(segments, PATH);
  const text = expression(segments, TEXT);
  return {
    inPath: (shown, replace) => shown.replace(path, replacer(replace)),
    inText: (shown, replace) => shown.replace(text, replacer(replace)),
  };
}

function segmentsOf(pattern: string): string[] {
  return pattern.split('/').filter((segment) => segment !== '');
}

function isSecret(segment: string): boolean {
  return /^:\w+$/.test(segment);
}

function isWord(segment: string): boolean {
  return !segment.startsWith(':') && !segment.includes('*');
}

interface Notation {
  readonly slash: string;
  readonly segment: string;
}

const PATH: Notation = { slash: '(?:\\/|%2f)', segment: '[^\\/?#]+' };

/** Texts escape slashes, as JSON may, and end a URL with a blank or a quote. */
const TEXT: Notation = {
  slash: '(?:\\\\?\\/|%2f)',
  segment: '(?:(?!%2f)[^\\/?#\\s"<>`\\\\]|\\\\(?!["\\/nrt]))+',
};

/** What it captures is, in turns, to be kept and to be replaced. */
function expression(segments: readonly string[], { slash, segment }: Notation): RegExp {
  const shown = segments.map((part) => {
    if (part === '*') return segment;
    return isSecret(part) ? `)(${segment})(` : `${wordPattern(part)}(?:;${segment})?`;
  });
  return new RegExp(`((?:^|${slash})${shown.join(`${slash}+`)})`, 'giu');
}

function wordPattern(word: string): string {
  return decodeComponent(word).replace(/./gsu, (character) => `(?:${escaped(character)}|${percentEncoded(character)})`);
}

function escaped(character: string): string {
  return character.replace(/[\^$\\.*+?()[\]{}|/]/, '\\$&');
}

function percentEncoded(character: string): string {
  return Buffer.from(character).toString('hex').replace(/../g, '%$&');
}

function replacer(replace: (segment: string) => string): (...match: string[]) => string {
  return (...match) =>
    // Before what was captured stands all of it, behind it the place and the whole text.
    match
      .slice(1, -2)
      .map((part, i) => (i % 2 === 0 ? part : replace(part)))
      .join('');
}
