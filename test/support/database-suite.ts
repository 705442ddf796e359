import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { ChangesLog, type LoggedDatabase, counted } from './counted-statements.ts';
import type { DatabaseServer } from './database-server.ts';
import { BEFORE_IMAGES } from './sequelize-before-images.ts';
import { type SequelizeCopy, sequelize6 } from './sequelize-copy.ts';
import { MODEL_KINDS } from './sequelize-model-kinds.ts';
import { OPERATIONS, newWorld } from './sequelize-operations.ts';
import { assertTold, summary, takeRecords } from './sequelize-records.ts';
import { assertTypesShown } from './sequelize-types.ts';
import { replayAnySequence } from './sequelize-replay.ts';
import { assertUndisturbed } from './sequelize-undisturbed.ts';
import { UNWRITABLE, acknowledgingLate, assertRefused, assertWaits } from './sequelize-unwritable.ts';

/**
 * What holds on every database, on a server of the tests' own.
 *
 * @param programs how many sequences of changes are tried
 * @param differences the records of operations that this database, or this Sequelize, answers otherwise than SQLite
 */
export function describeDatabase(
  name: string,
  start: () => Promise<DatabaseServer>,
  programs: number,
  differences: Readonly<Record<string, readonly string[]>> = {},
  copy: SequelizeCopy = sequelize6,
): void {
  describe(name, () => {
    let server: DatabaseServer;
    before(async () => {
      server = await start();
    });
    after(() => server.stop());

    const newDatabase = (): Sequelize => copy.create(server.options);
    const loggedDatabase = (): LoggedDatabase => {
      const log = new ChangesLog(server.options, copy);
      return { sequelize: copy.create({ ...server.options, logging: log.logging }), log };
    };

    for (const [operation, [run, onSqlite]] of Object.entries(OPERATIONS)) {
      const expected = differences[operation] ?? onSqlite;
      it(`tells of ${operation}: ${expected.join(', ') || 'nothing'}`, async () => {
        const sequelize = auditSequelize(newDatabase());
        try {
          const world = await newWorld(sequelize, copy);
          await run(world).catch((error: unknown) => error);
          assertTold(operation, takeRecords().map(summary), expected, copy);
        } finally {
          await sequelize.close();
        }
      });
    }

    for (const [operation, [run, onSqlite]] of Object.entries(OPERATIONS)) {
      const bySql = (differences[operation] ?? onSqlite).filter((told) => told.startsWith('SQL')).length;
      it(`counts each statement of ${operation} that changes data: ${bySql} unexplained`, async () => {
        const { sequelize, log } = loggedDatabase();
        auditSequelize(sequelize);
        try {
          const world = await newWorld(sequelize, copy);
          log.take();
          const counts = await counted(() => run(world).catch((error: unknown) => error));
          const sent = log.take();
          assert.deepEqual(counts, { explained: sent.length - bySql, unexplained: bySql, leftOut: 0 }, sent.join('\n'));
        } finally {
          await sequelize.close();
        }
      });
    }

    it('shows values of each type as they are', () => assertTypesShown(newDatabase(), copy));

    for (const [kind, check] of Object.entries(MODEL_KINDS)) {
      it(`tells of a model with ${kind}`, () => check(newDatabase(), copy));
    }

    for (const operation of Object.keys(OPERATIONS)) {
      it(`is asked the same by ${operation} as without us, and answers the same`, async () => {
        await assertUndisturbed(operation, server.options, copy);
      });
    }

    for (const [operation, [, onSqlite]] of Object.entries(OPERATIONS)) {
      it(`has who asks for ${operation} wait until its records are acknowledged, and answers the same`, async () => {
        await assertWaits(operation, differences[operation] ?? onSqlite, loggedDatabase(), copy);
        await acknowledgingLate(() => assertUndisturbed(operation, server.options, copy));
      });

      it(`is asked for no change by ${operation} while none can be recorded and all are refused`, () =>
        assertRefused(operation, loggedDatabase, copy));
    }

    for (const [what, check] of Object.entries(UNWRITABLE)) {
      it(what, () => check((options) => copy.create({ ...server.options, ...options }), copy));
    }

    if (copy.hasBeforeImages) describeBeforeImages();

    it(`tells what the database itself logs of any of ${programs} sequences of changes`, async () => {
      await replayAnySequence(loggedDatabase, programs, copy);
    });

    function describeBeforeImages(): void {
      it('with before-images, shows values of each type as they are', () =>
        assertTypesShown(newDatabase(), copy, true));

      for (const operation of Object.keys(OPERATIONS)) {
        it(`with before-images, is asked nothing but SELECTs besides by ${operation}, and answers the same`, async () => {
          await assertUndisturbed(operation, server.options, copy, true);
        });
      }

      for (const [what, check] of Object.entries(BEFORE_IMAGES)) {
        it(`with before-images, ${what}`, () => check((logging) => copy.create({ ...server.options, logging })));
      }
    }
  });
}
