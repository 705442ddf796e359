import { define } from './define.ts';
import { type Ended, observed } from './sequelize-around.ts';
import { type FullAnswer, followFullAnswer, postgresAnswer } from './sequelize-full-answer.ts';
import type { QueryShape } from './sequelize-shape.ts';

type Method = (...args: unknown[]) => unknown;

/** What Sequelize 6 asks a query about itself, and what it hands SQLite's answer to. */
type Asked = QueryShape & Record<string, Method | undefined>;

/** Makes a query that deletes one row be answered as one that deletes many, whose rows are counted. */
type Count = (query: Asked) => FullAnswer;

const COUNTS: Readonly<Record<string, Count>> = {
  mysql: bulk,
  mariadb: bulk,
  postgres: raw,
  sqlite: run,
};

/**
 * Follows a query by which Sequelize 6 deletes one row: it doesn't tell whether that was there.
 * To be called right before the query is sent.
 *
 * @param ended is told the number of rows as the result
 * @returns what takes the promise of the query, and returns that of the application
 */
export function followDeletion(
  query: QueryShape,
  dialect: string,
  ended: (outcome: Ended) => void,
): (running: Promise<unknown>) => Promise<unknown> {
  const asked = query as Asked;
  // Sequelize 7 resolves to the number.
  const counted = typeof asked['isBulkDeleteQuery'] === 'function' ? COUNTS[dialect]?.(asked) : undefined;
  return counted ? followFullAnswer(query, counted, ended) : (running) => observed(running, ended);
}

function bulk(query: Asked): FullAnswer {
  define(query, 'isBulkDeleteQuery', () => true, false);
  const { instance } = query as { instance?: unknown };
  return { shadowed: ['isBulkDeleteQuery'], told: (result) => result, original: () => instance };
}

function raw(query: Asked): FullAnswer {
  return {
    ...postgresAnswer(query),
    told: (result) => (result as [unknown, { rowCount?: unknown }])[1].rowCount,
  };
}

function run(query: Asked): FullAnswer {
  let changes: unknown;
  define(query, 'getDatabaseMethod', () => 'run', false);
  const { _handleQueryResponse: handle } = query;
  const handled = function (this: unknown, ...args: unknown[]): unknown {
    ({ changes } = args[0] as { changes?: unknown });
    return Reflect.apply(handle as Method, this, args);
  };
  define(query, '_handleQueryResponse', handled, false);
  return {
    shadowed: ['getDatabaseMethod', '_handleQueryResponse'],
    told: () => changes,
    original: (result) => result,
  };
}
