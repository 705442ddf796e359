import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { changesSent, counted } from './counted-statements.ts';
import type { DatabaseServer } from './database-server.ts';
import { OPERATIONS, newWorld } from './sequelize-operations.ts';
import { summary, takeRecords } from './sequelize-records.ts';
import { assertTypesShown } from './sequelize-types.ts';
import { replayAnySequence } from './sequelize-replay.ts';
import { assertUndisturbed } from './sequelize-undisturbed.ts';

/**
 * What holds on every database, on a server of the tests' own.
 *
 * @param programs how many sequences of changes are tried
 * @param differences the records of operations that this database answers otherwise than SQLite
 */
export function describeDatabase(
  name: string,
  start: () => Promise<DatabaseServer>,
  programs: number,
  differences: Readonly<Record<string, readonly string[]>> = {},
): void {
  describe(name, () => {
    let server: DatabaseServer;
    before(async () => {
      server = await start();
    });
    after(() => server.stop());

    const newDatabase = (): Sequelize => new Sequelize(server.options);

    for (const [operation, [run, onSqlite]] of Object.entries(OPERATIONS)) {
      const expected = differences[operation] ?? onSqlite;
      it(`tells of ${operation}: ${expected.join(', ') || 'nothing'}`, async () => {
        const sequelize = auditSequelize(newDatabase());
        try {
          const world = await newWorld(sequelize);
          await run(world).catch((error: unknown) => error);
          assert.deepEqual(takeRecords().map(summary), expected);
        } finally {
          await sequelize.close();
        }
      });
    }

    for (const [operation, [run, onSqlite]] of Object.entries(OPERATIONS)) {
      const bySql = (differences[operation] ?? onSqlite).filter((told) => told.startsWith('SQL')).length;
      it(`counts each statement of ${operation} that changes data: ${bySql} unexplained`, async () => {
        const sequelize = auditSequelize(newDatabase());
        try {
          const world = await newWorld(sequelize);
          let sent: string[] = [];
          const counts = await counted(async () => {
            sent = await changesSent(sequelize, () => run(world).catch((error: unknown) => error));
          });
          assert.deepEqual(counts, { explained: sent.length - bySql, unexplained: bySql, leftOut: 0 }, sent.join('\n'));
        } finally {
          await sequelize.close();
        }
      });
    }

    it('shows values of each type as they are', () => assertTypesShown(server));

    for (const operation of Object.keys(OPERATIONS)) {
      it(`is asked the same by ${operation} as without us, and answers the same`, async () => {
        await assertUndisturbed(operation, server.options);
      });
    }

    it(`tells what the database itself logs of any of ${programs} sequences of changes`, async () => {
      await replayAnySequence(newDatabase, programs);
    });
  });
}
