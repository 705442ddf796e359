import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { DatabaseServer } from './database-server.ts';
import { BEFORE_IMAGES } from './sequelize-before-images.ts';
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

    it('shows values of each type as they are', () => assertTypesShown(server));

    it('with before-images, shows values of each type as they are', () => assertTypesShown(server, true));

    for (const operation of Object.keys(OPERATIONS)) {
      it(`is asked the same by ${operation} as without us, and answers the same`, async () => {
        await assertUndisturbed(operation, server.options);
      });

      it(`with before-images, is asked nothing but SELECTs besides by ${operation}, and answers the same`, async () => {
        await assertUndisturbed(operation, server.options, true);
      });
    }

    for (const [what, check] of Object.entries(BEFORE_IMAGES)) {
      it(`with before-images, ${what}`, () => check((logging) => new Sequelize({ ...server.options, logging })));
    }

    it(`tells what the database itself logs of any of ${programs} sequences of changes`, async () => {
      await replayAnySequence(newDatabase, programs);
    });
  });
}
