import { define } from './define.ts';
import { type Ended, observed } from './sequelize-around.ts';
import type { QueryShape } from './sequelize-shape.ts';

type Method = (...args: unknown[]) => unknown;

/** What Sequelize 6 asks a query about itself, and what it hands SQLite's answer to. */
type Asked = QueryShape & Record<string, Method | undefined>;

/** Makes a query that deletes one row be answered as one that deletes many, whose rows are counted. */
type Count = (query: Asked) => Counted;

/** What that query resolves to then. */
interface Counted {
  /** The methods that were shadowed. */
  readonly shadowed: readonly string[];
  /** How many rows it deleted. */
  readonly count: (result: unknown) => unknown;
  /** What it would have resolved to. */
  readonly original: (result: unknown) => unknown;
}

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
  if (!counted) return (running) => observed(running, ended);
  return async (running) => {
    try {
      const result = await observed(running, (outcome) =>
        ended(outcome.failed ? outcome : { ...outcome, result: counted.count(outcome.result) }),
      );
      return counted.original(result);
    } finally {
      for (const name of counted.shadowed) Reflect.deleteProperty(query, name);
    }
  };
}

function bulk(query: Asked): Counted {
  define(query, 'isBulkDeleteQuery', () => true, false);
  const { instance } = query as { instance?: unknown };
  return { shadowed: ['isBulkDeleteQuery'], count: (result) => result, original: () => instance };
}

/** `[rows, answer]` of PostgreSQL. */
function raw(query: Asked): Counted {
  define(query, 'isRawQuery', () => true, false);
  return {
    shadowed: ['isRawQuery'],
    count: (result) => (result as [unknown, { rowCount?: unknown }])[1].rowCount,
    original: (result) => (result as unknown[])[0],
  };
}

function run(query: Asked): Counted {
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
    count: () => changes,
    original: (result) => result,
  };
}
