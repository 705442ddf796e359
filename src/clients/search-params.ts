import type { HTTPFields } from './http-client-options.ts';

/** Fields in the form of a query. */
export function searchParams(fields: HTTPFields): URLSearchParams {
  if (fields instanceof URLSearchParams) return fields;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) {
      if (one !== undefined && one !== null) params.append(name, String(one));
    }
  }
  return params;
}
