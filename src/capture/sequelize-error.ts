import { isObject } from './sequelize-shape.ts';

/**
 * What went wrong, in the database's own words where it has some. Databases quote values in their messages
 * (`Duplicate entry 'a@b.c' for key 'email'`): those become `?`.
 */
export function errorText(error: unknown): string {
  const cause = isObject(error) && isObject(error['parent']) ? error['parent'] : undefined;
  const message = textOf(cause) ?? textOf(error) ?? String(error);
  return cause ? withoutValues(message) : message;
}

function textOf(error: unknown): string | undefined {
  if (!isObject(error)) return undefined;
  const { message, name } = error;
  if (typeof message === 'string' && message !== '') return message;
  return typeof name === 'string' ? name : undefined;
}

function withoutValues(message: string): string {
  return message.replaceAll(/'[^']*'/g, '?').replace(/: "[^"]*"$/, ': ?');
}
