import { guard } from '../event/guard.ts';

/** What an exchange failed with: the code that Node, TLS or undici gave it, and the message. */
export function outgoingError(error: unknown): string {
  return guard('reading an error', () => codeAndMessage(error)) ?? 'Error';
}

function codeAndMessage(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, name, message } = error as Partial<Record<'code' | 'name' | 'message', unknown>>;
  const kind = textOf(code) ?? textOf(name) ?? 'Error';
  const told = textOf(message);
  if (told === undefined) return kind;
  return told.includes(kind) ? told : `${kind}: ${told}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
