import type { HTTPRequestOptions } from './http-client-options.ts';
import { searchParams } from './search-params.ts';

interface RequestBody {
  readonly body: RequestInit['body'] | undefined;
  /** Where `fetch` doesn't know it by the body. */
  readonly contentType?: string;
  /** It can be read but once, so it can't be sent again. */
  readonly isOnce: boolean;
}

/** @throws TypeError if `json` can't be JSON */
export function requestBody({ json, form, body }: HTTPRequestOptions, where: string): RequestBody {
  if (json !== undefined) return { body: jsonOf(json, where), contentType: 'application/json', isOnce: false };
  if (form !== undefined) return { body: form instanceof FormData ? form : searchParams(form), isOnce: false };
  return { body, isOnce: isStream(body) };
}

function jsonOf(value: unknown, where: string): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${where}: expected json that is JSON, got a ${typeof value}`);
  return text;
}

function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (body instanceof ReadableStream || Symbol.asyncIterator in body);
}
