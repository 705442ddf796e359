import { isObject } from './sequelize-shape.ts';

/**
 * What went wrong, in the database's own words where it has some. Databases quote values in their messages
 * (`Duplicate entry 'a@b.c' for key 'email'`): those become `?`.
 */
export function failureText(error: unknown): string {
  const cause = causeOf(error);
  const message = textOf(cause) ?? textOf(error) ?? String(error);
  return cause ? withoutValues(message) : message.split(BETWEEN_ITEMS).map(withoutInvalidValue).join(',\n');
}

/** Of what validation rejects. Within a value that takes several lines, lines are indented. */
const BETWEEN_ITEMS = /,\n(?! )/;

/** What Sequelize rejects for its type is quoted first: `"abc" is not a valid integer`. */
function withoutInvalidValue(item: string): string {
  return item.replace(/^[^]*(?= is not a valid [a-z])/, '?').replace(NAMED_LAST, '?');
}

/** As Sequelize 7 does where it looks into ranges and maps. */
const NAMED_LAST = /(?<=A range must [^.]*\. Got |, its values must be strings but \S+ is )[^]*$/;

/**
 * Whether a query that failed may have been done nevertheless: its answer was lost, or Sequelize couldn't read it.
 *
 * @param inTransaction what was not committed is gone with the connection
 */
export function mayHaveBeenDone(error: unknown, inTransaction: boolean): boolean {
  const cause = causeOf(error);
  // An INSERT that was told to ignore duplicates (PostgreSQL).
  if (!cause) return !(isObject(error) && error['name'] === 'SequelizeEmptyResultError');
  // Db2 has an SQLSTATE in the place of a code.
  const code = String(cause['code'] ?? cause['state']);
  return !inTransaction && (LOST_CODE.test(code) || LOST_MESSAGE.test(String(cause['message'])));
}

const LOST_CODE =
  /^(?:ECONNRESET|ECONNCLOSED|EPIPE|ETIMEDOUT|ETIMEOUT|ESOCKET|PROTOCOL_\w+|ER_SOCKET_\w+|08\w{3}|ORA-0311[34]|NJS-500)$/;
const LOST_MESSAGE =
  /^Connection terminated|^Query read timeout|^the connection was closed before this query could finish/;

/** Whether a COMMIT that failed is known to have undone all: a deferred constraint, a serialization failure, a deadlock. */
export function isRefusal(error: unknown): boolean {
  const cause = causeOf(error);
  if (!cause) return false;
  const isSqlState = typeof cause['severity'] === 'string';
  const code = String(cause['code']);
  // ORA-02091: transaction rolled back.
  return isWholeRollback(error) || code === 'ORA-02091' || (isSqlState && /^(?:23|40(?!003))\w{3}$/.test(code));
}

/** InnoDB and SQL Server undo the whole transaction of a deadlock, not the statement or the savepoint alone. */
export function isWholeRollback(error: unknown): boolean {
  const cause = causeOf(error);
  return cause?.['errno'] === 1213 || cause?.['number'] === 1205;
}

/** Whether the transaction of a statement is over by its error: PostgreSQL takes nothing more in it then. */
export function hasEndedTransaction(error: unknown, dialect: string | undefined): boolean {
  const isOfServer = typeof causeOf(error)?.['severity'] === 'string';
  return isWholeRollback(error) || (dialect === 'postgres' && isOfServer);
}

/** The error of the driver. What is `parent` in Sequelize 6 is a getter in 7, which warns of its end. */
function causeOf(error: unknown): Record<string, unknown> | undefined {
  if (!isObject(error) || !('parent' in error)) return undefined;
  const cause = Object.hasOwn(error, 'parent') ? error['parent'] : error['cause'];
  return isObject(cause) ? cause : undefined;
}

function textOf(error: unknown): string | undefined {
  if (!isObject(error)) return undefined;
  // The driver of MariaDB adds the statement with all its values to the message.
  const { sqlMessage, message, name } = error;
  if (typeof sqlMessage === 'string' && sqlMessage !== '') return sqlMessage;
  if (typeof message === 'string' && message !== '') return message.split('\nsql: ', 1)[0];
  return typeof name === 'string' ? name : undefined;
}

function withoutValues(message: string): string {
  return message.replaceAll(/'[^']*'/g, '?').replace(/: "[^"]*"$/, ': ?');
}
