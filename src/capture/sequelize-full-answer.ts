import { define } from './define.ts';
import { type Ended, observed } from './sequelize-around.ts';

/** A query that is made to resolve to more of what the database answered than Sequelize hands on. */
export interface FullAnswer {
  /** The methods of the query that are shadowed for it. */
  readonly shadowed: readonly string[];
  /** What is told of the result. */
  readonly told: (result: unknown) => unknown;
  /** What it would have resolved to. */
  readonly original: (result: unknown) => unknown;
}

/**
 * Follows such a query.
 *
 * @param ended is told of what the result tells
 * @returns what takes the promise of the query, and returns that of the application
 */
export function followFullAnswer(
  query: object,
  { shadowed, told, original }: FullAnswer,
  ended: (outcome: Ended) => void,
): (running: Promise<unknown>) => Promise<unknown> {
  return async (running) => {
    try {
      const result = await observed(running, (outcome) =>
        ended(outcome.failed ? outcome : { ...outcome, result: told(outcome.result) }),
      );
      return original(result);
    } finally {
      for (const name of shadowed) Reflect.deleteProperty(query, name);
    }
  };
}

/** Sequelize keeps PostgreSQL's answer for itself, unless the query is a raw one: that resolves to `[rows, answer]`. */
export function postgresAnswer(query: object): FullAnswer {
  define(query, 'isRawQuery', () => true, false);
  return {
    shadowed: ['isRawQuery'],
    told: (result) => result,
    original: (result) => (Array.isArray(result) ? (result[0] as unknown) : result),
  };
}
