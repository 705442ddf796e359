/** The answer to a request whose record can't be written, with what the client may do: ask again, in a second. */
export const UNAVAILABLE = {
  status: 503,
  headers: { 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' },
  body: 'The audit trail is not available\n',
} as const;

/** What the record of such a request says. */
export function refusalText(reason: string): string {
  return `The audit trail was not available: ${reason}`;
}
