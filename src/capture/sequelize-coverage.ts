import type { MeterProvider } from '@opentelemetry/api';

import { AUDIT_SQL_COVERAGE, AUDIT_SQL_STATEMENTS } from '../event/attributes.ts';
import { SCOPE } from '../event/emit.ts';
import { VERSION } from '../event/version.ts';

/** How many statements that change data were sent through Sequelize in this thread, and how many of them are understood. */
export interface SequelizeCoverage {
  /** Those that a record of a model accounts for, or that changed no row. */
  readonly explained: number;
  /**
   * Those that may have changed rows which no record of a model accounts for: SQL that the application wrote, which has
   * a record `SQL`, and what went wrong when it was to be recorded, which was reported.
   */
  readonly unexplained: number;
  /** Those on models that the options leave out, as `models: { Session: false }` does. */
  readonly leftOut: number;
  /** `explained / (explained + unexplained)`, from 0 to 1; 1 where there was nothing to explain. */
  readonly ratio: number;
}

/** What a statement counts as: the values of the attribute `audit.sql.coverage`. */
export type Coverage = 'explained' | 'unexplained' | 'left_out';

/** Shared by all copies of this package in a process. */
const SLOT = Symbol.for('activity-audit.sequelize-coverage.1');

interface Shared {
  readonly counts: Record<Coverage, number>;
  /** Those that have the counter. */
  readonly providers: WeakSet<MeterProvider>;
}

const { counts, providers } = ((globalThis as { [SLOT]?: Shared })[SLOT] ??= {
  counts: { explained: 0, unexplained: 0, left_out: 0 },
  providers: new WeakSet(),
});

/** To be called once for each statement that changes data, when the database has answered. */
export function count(coverage: Coverage): void {
  counts[coverage] += 1;
}

/**
 * How much of what Sequelize changed in this thread is explained, since the thread started and while recording was on. What
 * the database does by itself (triggers, cascades) is part of its statement; a query that is retried counts once.
 *
 * @example
 * assert.equal(sequelizeCoverage().unexplained, 0);
 */
export function sequelizeCoverage(): SequelizeCoverage {
  const { explained, unexplained, left_out: leftOut } = counts;
  const all = explained + unexplained;
  return { explained, unexplained, leftOut, ratio: all === 0 ? 1 : explained / all };
}

/** Has a MeterProvider collect the same numbers, as `audit.sql.statements`; read when it does, so a statement costs no more. */
export function countThrough(provider: MeterProvider): void {
  if (providers.has(provider)) return;
  providers.add(provider);
  provider
    .getMeter(SCOPE, VERSION)
    .createObservableCounter(AUDIT_SQL_STATEMENTS, {
      unit: '{statement}',
      description:
        'Statements that change data, sent through Sequelize, by whether a record of a model accounts for them.',
    })
    .addCallback((observed) => {
      if (Object.values(counts).every((number) => number === 0)) return;
      for (const [coverage, number] of Object.entries(counts))
        observed.observe(number, { [AUDIT_SQL_COVERAGE]: coverage });
    });
}
