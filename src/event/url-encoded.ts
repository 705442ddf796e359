import { grouped } from './grouped.ts';
import { maskSecretValues } from './secrets.ts';

/** The fields of a query string, with or without its `?`, or of an urlencoded form. A repeated name becomes a list. */
export function formFields(encoded: string): { [name: string]: string | string[] } {
  const pairs = (encoded.startsWith('?') ? encoded.slice(1) : encoded).split('&').filter((pair) => pair !== '');
  return grouped(
    pairs.map((pair) => {
      const [name, value = ''] = splitPair(pair);
      return [name, value] as const;
    }),
  );
}

/** One pair of a query as it may be shown; undefined if it is to be removed. */
export type ShowPair = (name: string, value: string) => readonly [name: string, value: string] | undefined;

/**
 * A URL whose secret values are masked, its path shown as `showPath` says, and the pairs of its path, query and fragment
 * as `showPair` says.
 */
export function redactUrl(url: string, showPair: ShowPair, showPath: (path: string) => string): string {
  const masked = maskSecretValues(url);
  const [, path = '', query = '', fragment = ''] = URL_PARTS.exec(masked) ?? [];
  return redactPath(showPath(path), showPair) + redactPairs(query, showPair) + redactPairs(fragment, showPair);
}

const URL_PARTS = /^([^?#]*)(\?[^#]*)?(#[^]*)?$/;

/** `/cart;jsessionid=…/items`, `/login/token=…` */
function redactPath(path: string, showPair: ShowPair): string {
  return path.replace(PATH_PAIR, (_, sign: string, pair: string) => {
    const shown = redactPair(pair, showPair);
    return shown === undefined ? '' : sign + shown;
  });
}

const PATH_PAIR = /([/;])([^=/;]+=[^/;]*)/g;

function redactPairs(part: string, showPair: ShowPair): string {
  if (part.length < 2) return part;
  const pairs = part.slice(1).split('&');
  return (
    part.slice(0, 1) +
    pairs
      .map((pair) => redactPair(pair, showPair))
      .filter((pair) => pair !== undefined)
      .join('&')
  );
}

/** Character for character the same, unless there is something to hide. */
function redactPair(pair: string, showPair: ShowPair): string | undefined {
  const [name, value] = splitPair(pair);
  const shown = showPair(name, value ?? '');
  if (!shown) return undefined;
  const sign = pair.indexOf('=');
  const rawName = sign === -1 ? pair : pair.slice(0, sign);
  const shownName = shown[0] === name ? rawName : escapedText(shown[0]);
  if (value === undefined) return shownName;
  return `${shownName}=${shown[1] === value ? pair.slice(sign + 1) : escapedText(shown[1])}`;
}

function splitPair(pair: string): [name: string, value: string | undefined] {
  const sign = pair.indexOf('=');
  return sign === -1
    ? [unescapedText(pair), undefined]
    : [unescapedText(pair.slice(0, sign)), unescapedText(pair.slice(sign + 1))];
}

/** Percent-encoding undone; what is not properly escaped stays as it is. */
export function unescapedText(text: string): string {
  if (!ESCAPE.test(text)) return text;
  return text.replaceAll('+', ' ').replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run.replace(/%[0-7][\da-f]/gi, decodeURIComponent);
    }
  });
}

const ESCAPE = /[+%]/;

/** Only what would end the value: a mask stays readable. */
export function escapedText(text: string): string {
  return text.replace(/[\s&#%+=]/g, encodeURIComponent);
}
