import type { Options, Sequelize } from 'sequelize';

import { type SequelizeCoverage, sequelizeCoverage } from '../../src/capture/sequelize-coverage.ts';
import type { SequelizeCopy } from './sequelize-copy.ts';

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

/** Keeps the statements that change data by the look of them. */
export class ChangesLog {
  private sent: string[] = [];
  private readonly dialect: string;
  private readonly copy: SequelizeCopy;

  constructor({ dialect }: Options, copy: SequelizeCopy) {
    this.dialect = dialect ?? '';
    this.copy = copy;
  }

  /** An option of Sequelize. */
  readonly logging = (line: string): void => {
    const logged = line.replace(/^Executing \([^)]*\): /, '');
    const sql = this.copy.skipsComments(this.dialect) ? logged : logged.replace(/^-- .*\n/, '');
    if (CHANGES_DATA.test(sql) && !(this.dialect === 'sqlite' && COPIES.test(sql))) this.sent.push(sql);
  };

  /** Those sent since this was last called. */
  take(): string[] {
    return this.sent.splice(0);
  }
}

/** One whose changes are logged. */
export interface LoggedDatabase {
  readonly sequelize: Sequelize;
  readonly log: ChangesLog;
}

/** PostgreSQL's `findOrCreate` inserts in a function. */
const CHANGES_DATA = /^(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|CREATE OR REPLACE FUNCTION pg_temp)\b/i;

/** While it changes the schema of a table in SQLite, Sequelize copies the rows there and back. */
const COPIES = /_backup`|^INSERT INTO `\w+_[\da-f]{16}` SELECT/;
