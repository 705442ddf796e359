import { guard } from '../event/guard.ts';

/** What an error says. Applications may destroy a stream with anything, also with what throws when it is looked at. */
export function errorText(error: unknown): string {
  const text = guard('reading an error', () => {
    const { message } = Object(error) as { readonly message?: unknown };
    return typeof message === 'string' ? message : String(error);
  });
  return text ?? UNREADABLE;
}

const UNREADABLE = 'an unreadable error';
