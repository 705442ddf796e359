import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';

import { sqlite } from '../../examples/sqlite.js';
import type { Bounds } from '../support/any-program.ts';
import type { DatabaseServer } from '../support/database-server.ts';
import { startMariadb } from '../support/mariadb.ts';
import { startPostgres } from '../support/postgres.ts';
import { replayAnyProgram } from '../support/replay-any-program.ts';

async function startSqlite(): Promise<DatabaseServer> {
  return { options: sqliteIn(':memory:'), stop: async () => {} };
}

async function startSqliteFile(): Promise<DatabaseServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'activity-audit-'));
  return { options: sqliteIn(path.join(folder, 'items.sqlite')), stop: () => rm(folder, { recursive: true }) };
}

function sqliteIn(storage: string): DatabaseServer['options'] {
  return { dialect: 'sqlite', storage, dialectModule: sqlite, logging: false, transactionType: 'IMMEDIATE' } as never;
}

interface Trial {
  readonly start: () => Promise<DatabaseServer>;
  readonly programs: number;
  readonly bounds: Bounds;
}

const TRIALS: Readonly<Record<string, Trial>> = {
  'SQLite, in memory': { start: startSqlite, programs: 300, bounds: { parallel: 'never', outside: false } },
  'SQLite, in a file': { start: startSqliteFile, programs: 100, bounds: { parallel: 'apart', outside: false } },
  PostgreSQL: { start: startPostgres, programs: 300, bounds: { parallel: 'always', outside: true } },
  // Where it undoes a transaction, it does what was sent behind the statement that failed: apart from any transaction.
  // Which of two users comes first isn't known from its triggers alone, so one comes after the other.
  // Who waits for a lock in vain, waits a second: nobody waits for itself.
  'MariaDB, by its dialect': {
    start: () => startMariadb('mariadb'),
    programs: 200,
    bounds: { parallel: 'never', outside: false },
  },
  'MariaDB, by the dialect mysql': {
    start: () => startMariadb('mysql'),
    programs: 200,
    bounds: { parallel: 'never', outside: false },
  },
};

describe('the records of any program, by several users at once', () => {
  for (const [name, { start, programs, bounds }] of Object.entries(TRIALS)) {
    it(`tell what the database itself logs, in ${programs} programs: ${name}`, async () => {
      const server = await start();
      try {
        await replayAnyProgram(server.options, programs, bounds);
      } finally {
        await server.stop();
      }
    });
  }
});
