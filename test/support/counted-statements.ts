import type { Sequelize } from 'sequelize';

import { type SequelizeCoverage, sequelizeCoverage } from '../../src/capture/sequelize-coverage.ts';

export type Counts = Omit<SequelizeCoverage, 'ratio'>;

/** How the counts of `sequelizeCoverage` rise while `run` runs. */
export async function counted(run: () => Promise<unknown>): Promise<Counts> {
  const before = sequelizeCoverage();
  await run();
  const after = sequelizeCoverage();
  return {
    explained: after.explained - before.explained,
    unexplained: after.unexplained - before.unexplained,
    leftOut: after.leftOut - before.leftOut,
  };
}

/** The statements that change data by the look of them, as Sequelize itself logs them while `run` runs. */
export async function changesSent(sequelize: Sequelize, run: () => Promise<unknown>): Promise<string[]> {
  const { options } = sequelize as unknown as { options: { logging: unknown } };
  const { logging } = options;
  const sent: string[] = [];
  options.logging = (line: string): void => {
    const sql = line.replace(/^Executing \([^)]*\): /, '');
    const isSqlite = sequelize.getDialect() === 'sqlite';
    if (CHANGES_DATA.test(isSqlite ? sql : sql.replace(/^-- .*\n/, '')) && !(isSqlite && COPIES.test(sql)))
      sent.push(sql);
  };
  await run();
  options.logging = logging;
  return sent;
}

/** PostgreSQL's `findOrCreate` inserts in a function. */
const CHANGES_DATA = /^(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|CREATE OR REPLACE FUNCTION pg_temp)\b/i;

/** While it changes the schema of a table in SQLite, Sequelize copies the rows there and back. */
const COPIES = /_backup`/;
