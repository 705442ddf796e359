import { expectText } from './expect.ts';
import type { HTTPFields } from './http-client-options.ts';
import { searchParams } from './search-params.ts';

/**
 * The URL that is asked for: an absolute one as it is, another one put behind the path of `base`, never in place of its host.
 *
 * @throws TypeError if it is none, of neither HTTP nor HTTPS
 */
export function requestUrl(given: string | URL, base: URL | undefined, where: string): URL {
  const url = absolute(String(given), base);
  if (!url) throw new TypeError(`${where}: expected ${base ? 'a URL' : 'an absolute URL, or a baseUrl'}, got neither`);
  if (!/^https?:$/.test(url.protocol))
    throw new TypeError(`${where}: expected a URL of http: or https:, got one of ${url.protocol}`);
  return url;
}

function absolute(text: string, base: URL | undefined): URL | undefined {
  if (URL.canParse(text)) return new URL(text);
  if (!base) return undefined;
  if (text === '') return new URL(base);
  const begin = base.href.replace(/\/+$/, '');
  return new URL(/^[?#]/.test(text) ? begin + text : `${begin}/${text.replace(/^[/\\]+/, '')}`);
}

/** @throws TypeError if it isn't an absolute URL of HTTP or HTTPS without a query */
export function baseUrl(given: string | URL | undefined, where: string): URL | undefined {
  if (given === undefined) return undefined;
  if (!(given instanceof URL)) expectText(given, where);
  const url = requestUrl(given, undefined, where);
  if (url.search !== '' || url.hash !== '') throw new TypeError(`${where}: expected a URL without a query, got one`);
  return url;
}

/** Puts fields behind the query of a URL. */
export function addQuery(url: URL, fields: HTTPFields | undefined): void {
  if (!fields) return;
  for (const [name, value] of searchParams(fields)) url.searchParams.append(name, value);
}
