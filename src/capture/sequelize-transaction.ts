import { recordId } from '../event/record-id.ts';
import { type Answer, type Ended, around, observe, observed } from './sequelize-around.ts';
import { followDeletion } from './sequelize-deletion.ts';
import { isRefusal, isWholeRollback } from './sequelize-error.ts';
import { followFullAnswer, postgresAnswer } from './sequelize-full-answer.ts';
import {
  begun,
  end,
  isOver,
  placeIn,
  returnedToSavepoint,
  savepointReleased,
  savepointSet,
} from './sequelize-journal.ts';
import type { Fate } from './sequelize-place.ts';
import type { QueryShape, TransactionShape } from './sequelize-shape.ts';

/** What one SQL text does to the transaction that it is sent in. */
export type Control =
  | { readonly does: 'savepoint' | 'release' | 'return'; readonly name: string }
  | { readonly does: 'begin' | 'commit' | 'rollback' };

const NAME = String.raw`("[^"]+"|\`[^\`]+\`|\[[^\]]+\]|[\w$]+)`;
const KIND = String.raw`(?:\s+(?:WORK|TRAN(?:SACTION)?))?`;
const NO_NAME = String.raw`(?:AND|WORK|TRAN|TRANSACTION)\b`;
const SAVEPOINT = new RegExp(String.raw`^(?:SAVEPOINT|SAVE\s+TRAN(?:SACTION)?)\s+${NAME}`, 'i');
const RELEASE = new RegExp(String.raw`^RELEASE(?:\s+SAVEPOINT)?\s+${NAME}`, 'i');
const ROLLBACK = new RegExp(String.raw`^ROLLBACK${KIND}(?:\s+TO(?:\s+SAVEPOINT)?)?\s+(?!${NO_NAME})${NAME}`, 'i');
const FIRST_WORD = /^\w+/;
/** A transaction alone, not a block of statements. */
const BEGIN = /^(?:BEGIN|START\s+TRANSACTION)\b[\w\s,]*;?$/i;
const CHAINS = /\bAND\s+CHAIN\b/i;

/** Undefined for what leaves the transaction as it is. Not only Sequelize sets savepoints: applications do it in SQL. */
export function controlIn(sql: string): Control | undefined {
  switch (FIRST_WORD.exec(sql)?.[0].toUpperCase()) {
    case 'SAVE':
    case 'SAVEPOINT':
      return named('savepoint', SAVEPOINT.exec(sql));
    case 'RELEASE':
      return named('release', RELEASE.exec(sql));
    case 'ROLLBACK':
    case 'ABORT':
      return named('return', ROLLBACK.exec(sql)) ?? { does: 'rollback' };
    case 'COMMIT':
    case 'END':
      return { does: 'commit' };
    case 'BEGIN':
    case 'START':
      return { does: 'begin' };
    default:
      return undefined;
  }
}

function named(does: 'savepoint' | 'release' | 'return', match: RegExpExecArray | null): Control | undefined {
  const name = match?.[1];
  return name === undefined ? undefined : { does, name: name.replaceAll(/^["`[]|["`\]]$/g, '').toLowerCase() };
}

/** These commit what was done so far, and leave no transaction: https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/ */
const OF_MYSQL = /^(?:ALTER|BEGIN|CREATE|DROP|GRANT|LOCK|RENAME|REVOKE|START|TRUNCATE)\b(?!.{0,20}\bTEMPORARY\b)/i;

/** By dialect. In Oracle, BEGIN starts a block of the same transaction: https://docs.oracle.com/en/database/oracle/oracle-database/21/sqlrf/COMMIT.html */
const COMMITS_IMPLICITLY: Readonly<Record<string, RegExp>> = {
  mysql: OF_MYSQL,
  mariadb: OF_MYSQL,
  oracle:
    /^(?:ALTER(?!\s+SESSION\b)|ANALYZE|AUDIT|COMMENT|CREATE(?!\s+PRIVATE\s+TEMPORARY\b)|DROP|FLASHBACK|GRANT|NOAUDIT|PURGE|RENAME|REVOKE|TRUNCATE)\b/i,
  // https://docs.snowflake.com/en/sql-reference/transactions
  snowflake: /^(?:ALTER(?!\s+SESSION\b)|COMMENT|CREATE|DROP|GRANT|REVOKE|TRUNCATE|UNDROP)\b/i,
};

/** Follows what a statement, that the database has answered, did to the transaction that it was sent in. */
function follow(transaction: TransactionShape, sql: string, { failed, result, error }: Ended, dialect: string): void {
  if (failed && isWholeRollback(error)) end(transaction, 'rollback', error);
  if (COMMITS_IMPLICITLY[dialect]?.test(sql)) {
    if (failed) end(transaction, 'unknown', error);
    else end(transaction, 'commit');
  }
  const control = failed ? undefined : dialect === 'db2' ? controlOfDb2(sql) : controlIn(sql);
  switch (control?.does) {
    case 'savepoint':
      return savepointSet(transaction, control.name);
    case 'release':
      return savepointReleased(transaction, control.name);
    case 'return':
      return returnedToSavepoint(transaction, control.name);
    case 'begin':
      return begun(transaction);
    case 'commit':
    case 'rollback':
      end(transaction, control.does === 'rollback' || wasRefused(result) ? 'rollback' : 'commit');
      if (CHAINS.test(sql) || sql.startsWith(NESTS_IN_DB2)) begun(transaction);
      return undefined;
    default:
      return undefined;
  }
}

const NESTS_IN_DB2 = 'SAVE TRANSACTION';

/**
 * In Db2, Sequelize begins a nested transaction by a COMMIT and a new transaction, and rolls one back by a ROLLBACK:
 * https://github.com/sequelize/sequelize/blob/v6/src/dialects/db2/query.js
 */
function controlOfDb2(sql: string): Control | undefined {
  if (sql.startsWith(NESTS_IN_DB2)) return { does: 'commit' };
  return sql.startsWith('ROLLBACK TRANSACTION') ? { does: 'rollback' } : controlIn(sql);
}

/** PostgreSQL answers COMMIT with ROLLBACK, and no error, where a statement of the transaction had failed. */
function wasRefused(result: unknown): boolean {
  const [, answer] = Array.isArray(result) ? (result as unknown[]) : [];
  return typeof answer === 'object' && answer !== null && (answer as { command?: unknown }).command === 'ROLLBACK';
}

/** One query on its way to the database. */
interface Sent {
  readonly query: QueryShape;
  readonly sql: string;
  readonly dialect: string;
  readonly transaction: TransactionShape | undefined;
  /** What is only looked at needs no place in the transaction. */
  readonly isRead: boolean;
  /** It deletes one row. */
  readonly isDeletion: boolean;
}

/** Takes what a query that was sent will resolve to, and returns what the application is to get. */
type Follow = (running: Promise<unknown>) => Promise<unknown>;

/** By connection: the transactions that the application began in SQL, without Sequelize. */
const unmanaged = new WeakMap<object, TransactionShape>();

/**
 * To be called right before a query is sent: what it does to its transaction is followed then.
 *
 * @returns undefined where there is nothing to follow
 */
export function followQuery(sent: Sent, answered?: (answer: Answer) => void): Follow | undefined {
  const { query, dialect, isRead, isDeletion } = sent;
  const following = (ended: (outcome: Ended) => void): Follow =>
    isDeletion ? followDeletion(query, dialect, ended) : (running) => observed(running, ended);
  const transaction = sent.transaction ?? unmanaged.get(query.connection);
  const sql = withoutComments(sent.sql);
  if (!transaction) {
    if (!answered && BEGINS_IN_SQL.has(dialect) && BEGIN.test(sql))
      return (running) =>
        observed(running, ({ failed }) => {
          if (!failed) begin(query.connection);
        });
    return answered && following(answered);
  }
  const ended = (outcome: Ended): void => {
    follow(transaction, sql, outcome, dialect);
    if (isOver(transaction)) unmanaged.delete(query.connection);
    answered?.({ ...outcome, transaction, place: outcome.failed || isRead ? undefined : placeIn(transaction) });
  };
  const asksForAnswer = dialect === 'postgres' && !query.isRawQuery() && controlIn(sql)?.does === 'commit';
  return asksForAnswer ? followFullAnswer(query, postgresAnswer(query), ended) : following(ended);
}

/** Elsewhere `BEGIN` is the start of a block. */
const BEGINS_IN_SQL: ReadonlySet<string> = new Set(['postgres', 'mysql', 'mariadb', 'sqlite', 'snowflake']);

function begin(connection: object): void {
  unmanaged.set(connection, { id: recordId(Date.now()) });
}

/** Without those before the statement. */
function withoutComments(sql: string): string {
  return sql.startsWith('/') || sql.startsWith('-') ? sql.replace(COMMENTS, '') : sql;
}

const COMMENTS = /^(?:\s|\/\*[^]*?\*\/|--.*\n)+/;

/** COMMIT and ROLLBACK may be tried again: only the calls of these methods know that they failed in the end. */
export function watchEnds(queryInterface: object, commit: string, rollback: string): void {
  const watch = (method: string, fateOf: (error: unknown) => Fate): void =>
    around(queryInterface, method, (run, args) =>
      observe(run, ({ failed, error }) => {
        const [transaction] = args as [TransactionShape];
        if (failed && !transaction.parent) end(transaction, fateOf(error), error);
      }),
    );
  watch(commit, (error) => (isRefusal(error) ? 'rollback' : 'unknown'));
  // Where it fails, Sequelize closes the connection, and the database undoes what wasn't committed.
  watch(rollback, () => 'rollback');
}
