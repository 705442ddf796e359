import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';

import type { Options, Sequelize } from 'sequelize';

import { type SequelizeInstrumentationConfig, auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { acknowledgeAfter } from '../../src/event/acknowledgement.ts';
import { type Gate, closeGate } from '../../src/event/obstacle.ts';
import type { LoggedDatabase } from './counted-statements.ts';
import { quoted } from './quoted.ts';
import type { SequelizeCopy } from './sequelize-copy.ts';
import { OPERATIONS, type World, newWorld } from './sequelize-operations.ts';
import { assertTold, summary, takeRecords, whileEmitting } from './sequelize-records.ts';

/** How many records were emitted, and how many of them acknowledged. */
export interface Acknowledged {
  emitted: number;
  acknowledged: number;
}

/** Runs `run` while each record is acknowledged later than all else that is to happen at once. */
export async function acknowledgingLate<T>(run: (counts: Acknowledged) => Promise<T>): Promise<T> {
  const counts: Acknowledged = { emitted: 0, acknowledged: 0 };
  const acknowledge = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    counts.acknowledged += 1;
  };
  const stop = whileEmitting(() => {
    counts.emitted += 1;
    acknowledgeAfter(acknowledge());
  });
  try {
    return await run(counts);
  } finally {
    stop();
  }
}

/** Runs `run` while no audit record can be written, and changes are to be refused. */
export async function whileClosed<T>(run: () => Promise<T>, gate: Gate = refusing): Promise<T> {
  const open = closeGate(gate);
  try {
    return await run();
  } finally {
    open();
  }
}

const refusing: Gate = (stream) => (stream === 'audit' ? { reason: 'ENOSPC: no space left on device' } : undefined);

/** Whoever asks for one of `OPERATIONS` learns of its end when all its records are acknowledged. */
export async function assertWaits(
  operation: string,
  expected: readonly string[],
  { sequelize }: LoggedDatabase,
  copy: SequelizeCopy,
): Promise<void> {
  await inWorld(operation, sequelize, copy, async (run) => {
    await acknowledgingLate(async (counts) => {
      await run().catch((error: unknown) => error);
      assert.equal(counts.acknowledged, counts.emitted);
    });
    assertTold(operation, takeRecords().map(summary), expected, copy);
  });
}

/** One of `OPERATIONS` that would change data is refused, none of its changes is sent, and none is told of. */
export async function assertRefused(
  operation: string,
  newDatabase: () => LoggedDatabase,
  copy: SequelizeCopy,
): Promise<void> {
  let changesData = false;
  const open = newDatabase();
  await inWorld(operation, open.sequelize, copy, async (run) => {
    open.log.take();
    await run().catch((error: unknown) => error);
    changesData = open.log.take().length > 0;
  });
  const closed = newDatabase();
  await inWorld(operation, closed.sequelize, copy, async (run) => {
    closed.log.take();
    const error: unknown = await whileClosed(() =>
      run().then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
    );
    const { name, code } = (error ?? {}) as { name?: string; code?: string };
    assert.equal(name === 'AuditUnavailableError', changesData, `${operation} was rejected with ${String(error)}`);
    assert.equal(code, changesData ? 'AUDIT_UNAVAILABLE' : code);
    assert.deepEqual(closed.log.take(), []);
    assert.deepEqual(takeRecords().map(summary).filter(isOfChange), []);
  });
}

/** Validation that fails is told of: it changes nothing. */
function isOfChange(told: string): boolean {
  return !told.startsWith('READ') && !told.endsWith('failure');
}

async function inWorld(
  operation: string,
  sequelize: Sequelize,
  copy: SequelizeCopy,
  use: (run: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const [run] = OPERATIONS[operation] ?? assert.fail(operation);
  await inWorldOf(sequelize, copy, (world) => use(() => run(world)));
}

/** What else holds on every database; `create` makes another connection to it, with the given options. */
export const UNWRITABLE: Readonly<
  Record<string, (create: (options: Options) => Sequelize, copy: SequelizeCopy) => Promise<void>>
> = {
  'has a COMMIT wait, and what its transaction did before it not': (create, copy) =>
    inWorldOf(create({}), copy, async ({ sequelize, User, Tag }) => {
      await acknowledgingLate(async (counts) => {
        const work = new AsyncLocalStorage<string>();
        let seenAfterCommit: unknown;
        await work.run('a request', () =>
          copy.transact(sequelize, null, async (transaction) => {
            transaction.afterCommit(() => void (seenAfterCommit = [work.getStore(), { ...counts }]));
            await User.create({ name: 'Bob' }, { transaction });
            await copy.transact(sequelize, transaction, async (inner) => {
              await Tag.create({ label: 'green' }, { transaction: inner });
            });
            assert.deepEqual(counts, { emitted: 0, acknowledged: 0 });
          }),
        );
        assert.deepEqual(counts, { emitted: 2, acknowledged: 2 });
        assert.deepEqual(seenAfterCommit, ['a request', counts]);
      });
      assert.deepEqual(takeRecords().map(summary), ['CREATE User 2', 'CREATE Tag 3']);
    }),

  'has 50 writes at once, and transactions, wait on one connection, along with hooks that ask for more': (
    create,
    copy,
  ) =>
    inWorldOf(create({ pool: { max: 1, acquire: 20_000 } }), copy, async ({ sequelize, User, Tag }) => {
      const addHook = User.addHook.bind(User) as (hook: string, fn: (...args: unknown[]) => unknown) => void;
      addHook('afterCreate', (_row, options) => Tag.create({ label: 'hook' }, options as object));
      await acknowledgingLate(async (counts) => {
        const writes = Array.from({ length: 50 }, () => User.create({ name: 'Bob' }));
        for (let number = 0; number < 10; number += 1) {
          await copy.transact(sequelize, null, (transaction) => User.create({ name: 'Cid' }, { transaction }));
        }
        await Promise.all(writes);
        assert.deepEqual(counts, { emitted: 120, acknowledged: 120 });
      });
      assert.equal(await User.count(), 61);
    }),

  'has SQL that fails wait, and rejects it with the error of the database': (create, copy) =>
    inWorldOf(create({}), copy, async ({ sequelize }) => {
      await acknowledgingLate(async (counts) => {
        const sql = `INSERT INTO ${quoted('Tags', sequelize)} (none) VALUES (1)`;
        await assert.rejects(sequelize.query(sql), { name: 'SequelizeDatabaseError' });
        assert.deepEqual(counts, { emitted: 1, acknowledged: 1 });
      });
    }),

  'commits, rolls back and returns to savepoints while changes are refused': (create, copy) =>
    inWorldOf(create({}), copy, async ({ sequelize, Tag }) => {
      const refused = { name: 'AuditUnavailableError' };
      await copy.transact(sequelize, null, async (transaction) => {
        await Tag.create({ label: 'kept' }, { transaction });
        await whileClosed(async () => {
          const nested = copy.transact(sequelize, transaction, (inner) =>
            Tag.create({ label: 'refused' }, { transaction: inner }),
          );
          await assert.rejects(nested, refused);
        });
        assert.equal(await Tag.count({ transaction }), 3);
      });
      takeRecords();
      await whileClosed(async () => {
        const rolledBack = copy.transact(sequelize, null, (transaction) =>
          Tag.destroy({ where: { label: 'kept' }, transaction }),
        );
        await assert.rejects(rolledBack, refused);
        await copy.transact(sequelize, null, async () => undefined);
      });
      assert.equal(await Tag.count(), 3);
    }),

  'changes what has no record while other changes are refused': (create, copy) =>
    inWorldOf(
      create({}),
      copy,
      async ({ sequelize, Tag, User }) => {
        await whileClosed(async () => {
          const tag = await Tag.create({ label: 'green' });
          await tag.update({ label: 'blue' });
          await Tag.bulkCreate([{ label: 'a' }, { label: 'b' }]);
          await sequelize.query(`UPDATE ${quoted('Tags', sequelize)} SET label = 'x' WHERE id = 1`);
          await tag.destroy();
          await assert.rejects(User.create({ name: 'Bob' }), { name: 'AuditUnavailableError' });
          await assert.rejects(User.build({ name: 'Bob', age: -1 }).save(), { name: 'SequelizeValidationError' });
        });
        assert.equal(await Tag.count(), 4);
      },
      { models: { Tag: false } },
    ),

  'refuses nothing that may wait instead, or whose records go elsewhere': (create, copy) =>
    inWorldOf(create({}), copy, async ({ Tag }) => {
      const never = { reason: 'EIO', passed: () => new Promise<void>(() => undefined) };
      await whileClosed(
        () => Tag.create({ label: 'green' }),
        (stream) => (stream === 'audit' ? never : { reason: 'EIO' }),
      );
      assert.deepEqual(takeRecords().map(summary), ['CREATE Tag 3']);
    }),
};

async function inWorldOf(
  sequelize: Sequelize,
  copy: SequelizeCopy,
  use: (world: World) => Promise<void>,
  config: SequelizeInstrumentationConfig = {},
): Promise<void> {
  auditSequelize(sequelize, config);
  try {
    await use(await newWorld(sequelize, copy));
  } finally {
    await sequelize.close();
  }
}
