/** What an exchange failed with: the code that Node, TLS or undici gave it, and the message. */
export function outgoingError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  const kind = typeof code === 'string' && code !== '' ? code : String(name ?? 'Error');
  if (typeof message !== 'string' || message === '') return kind;
  return message.includes(kind) ? message : `${kind}: ${message}`;
}
