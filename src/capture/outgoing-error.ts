import { guard } from '../event/guard.ts';

/**
 * What an exchange failed with: the code that Node, TLS or undici gave it, and the message. The parser's codes come last:
 * in `…TOKEN: …`, redaction would take what follows for a secret.
 */
export function outgoingError(error: unknown): string {
  return guard('reading an error', () => codeAndMessage(error)) ?? 'Error';
}

function codeAndMessage(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, name, message } = error as Partial<Record<'code' | 'name' | 'message', unknown>>;
  const kind = textOf(code) ?? textOf(name) ?? 'Error';
  const told = textOf(message);
  if (told === undefined) return kind;
  if (told.includes(kind)) return told;
  return kind.startsWith('HPE_') ? `${told} (${kind})` : `${kind}: ${told}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
