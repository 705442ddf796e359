import { isObject } from './sequelize-shape.ts';

/**
 * What went wrong, in the database's own words where it has some. Databases quote values in their messages
 * (`Duplicate entry 'a@b.c' for key 'email'`): those become `?`.
 */
export function failureText(error: unknown): string {
  const cause = causeOf(error);
  const message = textOf(cause) ?? textOf(error) ?? String(error);
  return cause ? withoutValues(message) : message;
}

/**
 * Whether a query that failed may have been done nevertheless: its answer was lost, or Sequelize couldn't read it.
 *
 * @param inTransaction what was not committed is gone with the connection
 */
export function mayHaveBeenDone(error: unknown, inTransaction: boolean): boolean {
  const cause = causeOf(error);
  // An INSERT that was told to ignore duplicates (PostgreSQL).
  if (!cause) return !(isObject(error) && error['name'] === 'SequelizeEmptyResultError');
  return !inTransaction && (LOST_CODE.test(String(cause['code'])) || LOST_MESSAGE.test(String(cause['message'])));
}

const LOST_CODE = /^(?:ECONNRESET|EPIPE|ETIMEDOUT|ETIMEOUT|ESOCKET|PROTOCOL_\w+|ER_SOCKET_\w+|08\w{3})$/;
const LOST_MESSAGE = /^Connection terminated|^Query read timeout/;

/** Whether a COMMIT that failed is known to have undone all: a deferred constraint, a serialization failure, a deadlock. */
export function isRefusal(error: unknown): boolean {
  const cause = causeOf(error);
  if (!cause) return false;
  const isSqlState = typeof cause['severity'] === 'string';
  return isWholeRollback(error) || (isSqlState && /^(?:23|40(?!003))\w{3}$/.test(String(cause['code'])));
}

/** InnoDB undoes the whole transaction of a deadlock, not the statement or the savepoint alone. */
export function isWholeRollback(error: unknown): boolean {
  return causeOf(error)?.['errno'] === 1213;
}

/** Whether the transaction of a statement is over by its error: PostgreSQL takes nothing more in it then. */
export function hasEndedTransaction(error: unknown, dialect: string | undefined): boolean {
  const isOfServer = typeof causeOf(error)?.['severity'] === 'string';
  return isWholeRollback(error) || (dialect === 'postgres' && isOfServer);
}

function causeOf(error: unknown): Record<string, unknown> | undefined {
  return isObject(error) && isObject(error['parent']) ? error['parent'] : undefined;
}

function textOf(error: unknown): string | undefined {
  if (!isObject(error)) return undefined;
  // The driver of MariaDB adds the statement with all its values to the message.
  const { sqlMessage, message, name } = error;
  if (typeof sqlMessage === 'string' && sqlMessage !== '') return sqlMessage;
  if (typeof message === 'string' && message !== '') return message;
  return typeof name === 'string' ? name : undefined;
}

function withoutValues(message: string): string {
  return message.replaceAll(/'[^']*'/g, '?').replace(/: "[^"]*"$/, ': ?');
}
