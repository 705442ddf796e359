import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';

import type { Model } from 'sequelize';
import { DataTypes, type Dialect, type ModelStatic, type Options, QueryTypes, Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { FAKE_DRIVERS, type Server, type ServerAnswer } from '../support/fake-drivers.ts';
import { summary, takeRecords } from '../support/sequelize-records.ts';

/** What each server says to a statement that changes so many rows of a table `Items`. */
const SERVERS: Readonly<Record<string, (sql: string, rows: number) => ServerAnswer>> = {
  mssql(sql, affected) {
    if (/\bMERGE\b/.test(sql)) return { rows: [{ $action: 'INSERT', id: 7 }] };
    if (/AFFECTEDROWS/.test(sql)) return { rows: [{ AFFECTEDROWS: affected }], affected: affected + 1 };
    if (sql.startsWith('INSERT INTO [')) return { rows: [{ id: 7 }] };
    return sql.startsWith('SELECT') ? { rows: [{ id: 7 }] } : { affected };
  },
  oracle(sql, affected) {
    if (sql.startsWith('DECLARE')) return { returned: [['7'], ['a'], ['1']] };
    if (/RETURNING/.test(sql)) return { affected: 1, returned: [[7]] };
    return sql.startsWith('SELECT') ? { rows: [{ id: 7 }] } : { affected };
  },
  db2(sql, affected) {
    const isRead = sql.startsWith('SELECT') && !/FINAL TABLE/.test(sql);
    if (/FINAL TABLE/.test(sql)) return { rows: affected > 0 || /INSERT/.test(sql) ? [{ id: 7 }] : [] };
    return isRead ? { rows: [{ id: 7 }] } : { affected };
  },
  snowflake(sql, affected) {
    const [verb = ''] = /^\w+/.exec(sql) ?? [];
    const done = { INSERT: 'inserted', UPDATE: 'updated', DELETE: 'deleted' }[verb];
    if (done) return { rows: [{ [`number of rows ${done}`]: affected, 'number of multi-joined rows updated': 0 }] };
    return { rows: verb === 'SELECT' ? [{ id: 7 }] : [{ status: 'Statement executed successfully.' }] };
  },
};

type Item = Model & { id: number; name: string };

interface World {
  readonly sequelize: Sequelize;
  readonly Item: ModelStatic<Item>;
  readonly item: Item;
}

const OPERATIONS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  create: ({ Item }) => Item.create({ name: "it's" }),
  save: ({ item }) => item.update({ name: 'b' }),
  increment: ({ item }) => item.increment('count'),
  destroy: ({ item }) => item.destroy(),
  bulkCreate: ({ Item }) => Item.bulkCreate([{ name: 'a' }, { name: 'b' }]),
  'Model.update': ({ Item }) => Item.update({ name: 'c' }, { where: { name: 'a' } }),
  'Model.increment': ({ Item }) => Item.increment('count', { where: { name: 'a' } }),
  'Model.destroy': ({ Item }) => Item.destroy({ where: { name: 'a' } }),
  upsert: ({ Item }) => Item.upsert({ id: 7, name: 'a' }),
  find: ({ Item }) => Item.findAll(),
  'UPDATE in SQL': ({ sequelize }) => sequelize.query(`UPDATE "Items" SET "name" = 'a'`),
  'DELETE in SQL': ({ sequelize }) => sequelize.query('DELETE FROM "Items"'),
  'INSERT in SQL': ({ sequelize }) => sequelize.query(`INSERT INTO "Items" ("name") VALUES ('a')`),
  'UPDATE in SQL, of its type': ({ sequelize }) =>
    sequelize.query(`UPDATE "Items" SET "name" = 'a'`, { type: QueryTypes.UPDATE }),
  'DELETE in SQL, of its type': ({ sequelize }) =>
    sequelize.query('DELETE FROM "Items"', { type: QueryTypes.BULKDELETE }),
};

/** Where the server changes a row: all of them, with the counts that are known. */
const CHANGED: Readonly<Record<string, string>> = {
  create: 'CREATE Item 7',
  save: 'UPDATE Item 7',
  increment: 'UPDATE Item 7',
  destroy: 'DELETE Item 7',
  bulkCreate: 'BULK_CREATE Item of 2',
  'Model.update': 'BULK_UPDATE Item of 1',
  'Model.increment': 'BULK_UPDATE Item of 1',
  'Model.destroy': 'BULK_DELETE Item of 1',
  upsert: 'UPSERT Item 7',
  find: 'READ Item 7 of 1',
  'UPDATE in SQL': 'SQL Items of 1',
  'DELETE in SQL': 'SQL Items of 1',
  'INSERT in SQL': 'SQL Items of 1',
  'UPDATE in SQL, of its type': 'SQL Items of 1',
  'DELETE in SQL, of its type': 'SQL Items of 1',
};

/** Where Sequelize doesn't hand on what the server says. */
const CHANGED_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mssql: { 'DELETE in SQL, of its type': 'SQL Items' },
  db2: {
    'Model.increment': 'BULK_UPDATE Item',
    'UPDATE in SQL': 'SQL Items',
    'DELETE in SQL': 'SQL Items',
    'INSERT in SQL': 'SQL Items',
    'UPDATE in SQL, of its type': 'SQL Items',
  },
  snowflake: {
    create: 'CREATE Item',
    'Model.increment': 'BULK_UPDATE Item',
    'Model.destroy': 'BULK_DELETE Item',
    'INSERT in SQL': 'SQL Items',
    'UPDATE in SQL, of its type': 'SQL Items',
    'DELETE in SQL, of its type': 'SQL Items',
  },
};

/** What is told of though no row was changed, as Sequelize doesn't say so. */
const TOLD_OF_NO_ROW: Readonly<Record<string, readonly string[]>> = {
  mssql: ['DELETE in SQL, of its type'],
  oracle: ['destroy'],
  db2: [
    'increment',
    'destroy',
    'Model.increment',
    'UPDATE in SQL',
    'DELETE in SQL',
    'UPDATE in SQL, of its type',
    'DELETE in SQL, of its type',
  ],
  snowflake: [
    'save',
    'increment',
    'destroy',
    'Model.increment',
    'Model.destroy',
    'UPDATE in SQL, of its type',
    'DELETE in SQL, of its type',
  ],
};

for (const [dialect, answer] of Object.entries(SERVERS)) {
  describe(`${dialect}, with a driver that answers as its own does`, () => {
    for (const [operation, run] of Object.entries(OPERATIONS)) {
      const expected = CHANGED_IN[dialect]?.[operation] ?? CHANGED[operation];
      it(`tells of ${operation}: ${expected}`, async (t) => {
        await run(newWorld(t, dialect, (sql) => answer(sql, 1)));
        assert.deepEqual(takeRecords().map(withCount), [expected]);
      });

      it(`has ${operation} answer as without us`, async (t) => {
        const [with_, without] = [
          await run(newWorld(t, dialect, (sql) => answer(sql, 1))),
          await run(newWorld(t, dialect, (sql) => answer(sql, 1), false)),
        ];
        assert.equal(JSON.stringify(with_), JSON.stringify(without));
        takeRecords();
      });
    }

    it('tells of no change where it can know that no row was changed', async (t) => {
      const told: string[] = [];
      for (const [operation, run] of Object.entries(OPERATIONS)) {
        if (/create|insert|upsert|find/i.test(operation)) continue;
        await run(newWorld(t, dialect, (sql) => answer(sql, 0)));
        if (takeRecords().length > 0) told.push(operation);
      }
      assert.deepEqual(told, TOLD_OF_NO_ROW[dialect]);
    });

    it('tells of what was committed, and of nothing that a nested transaction took back', async (t) => {
      const { sequelize, Item } = newWorld(t, dialect, (sql) => answer(sql, 1));
      await sequelize.transaction(async (transaction) => {
        await Item.create({ name: 'outer' }, { transaction });
        const nested = sequelize.transaction({ transaction }, async (inner) => {
          await Item.bulkCreate([{ name: 'inner' }], { transaction: inner });
          throw new Error('inner');
        });
        await assert.rejects(nested, { message: 'inner' });
        await Item.update({ name: 'b' }, { where: { name: 'a' }, transaction });
        if (dialect !== 'db2') assert.deepEqual(takeRecords(), []);
      });
      assert.deepEqual(
        takeRecords().map(({ event_type }) => event_type),
        ['CREATE', 'BULK_UPDATE'],
      );
    });

    it('tells of nothing that was rolled back', async (t) => {
      const { sequelize, Item } = newWorld(t, dialect, (sql) => answer(sql, 1));
      const failing = sequelize.transaction(async (transaction) => {
        await Item.create({ name: 'a' }, { transaction });
        throw new Error('no');
      });
      await assert.rejects(failing, { message: 'no' });
      assert.deepEqual(takeRecords(), []);
    });
  });
}

describe('a transaction', () => {
  it('in Db2 is committed where another one begins in it, as Sequelize has it', async (t) => {
    const { sequelize, Item } = newWorld(t, 'db2', (sql) => db2(sql));
    const failing = sequelize.transaction(async (transaction) => {
      await Item.create({ name: 'a' }, { transaction });
      await sequelize.transaction({ transaction }, (inner) => Item.create({ name: 'b' }, { transaction: inner }));
      throw new Error('no');
    });
    await assert.rejects(failing, { message: 'no' });
    assert.equal(takeRecords().length, 1);
  });

  it('of SQL Server is gone as a whole with a deadlock', async (t) => {
    const deadlock = Object.assign(new Error('Transaction was deadlocked'), { code: 'EREQUEST', number: 1205 });
    const { sequelize, Item } = newWorld(t, 'mssql', (sql) =>
      sql.startsWith('UPDATE') ? { error: deadlock } : mssql(sql),
    );
    await sequelize.transaction(async (transaction) => {
      await Item.create({ name: 'a' }, { transaction });
      await assert.rejects(Item.update({ name: 'b' }, { where: {}, transaction }));
    });
    assert.deepEqual(takeRecords().map(summary), ['BULK_UPDATE Item failure']);
  });

  it('of Oracle is not committed by a block of PL/SQL', async (t) => {
    assert.deepEqual(await rolledBackAfter(t, 'oracle', `BEGIN UPDATE "Items" SET "name" = 'b'; END;`), []);
  });

  for (const [dialect, sql] of [
    ['oracle', 'CREATE GLOBAL TEMPORARY TABLE t (a NUMBER)'],
    ['oracle', 'TRUNCATE TABLE t'],
    ['snowflake', 'CREATE TEMPORARY TABLE t (a NUMBER)'],
    ['snowflake', 'DROP TABLE t'],
  ] as const) {
    it(`of ${dialect} is committed by ${sql}`, async (t) => {
      assert.deepEqual(
        (await rolledBackAfter(t, dialect, sql))[0],
        dialect === 'oracle' ? 'CREATE Item 7' : 'CREATE Item',
      );
    });
  }

  for (const dialect of ['oracle', 'snowflake']) {
    it(`of ${dialect} is not committed by a setting of the session`, async (t) => {
      assert.deepEqual(await rolledBackAfter(t, dialect, "ALTER SESSION SET timezone = 'Etc/UTC'"), []);
    });
  }

  it('that Snowflake began in SQL holds what is done in it', async (t) => {
    const { sequelize, Item } = newWorld(t, 'snowflake', (sql) => snowflake(sql));
    await sequelize.query('BEGIN');
    await Item.create({ name: 'a' });
    await sequelize.query('ROLLBACK');
    assert.deepEqual(takeRecords(), []);
  });
});

const [mssql, db2, snowflake] = ['mssql', 'db2', 'snowflake'].map(
  (dialect) =>
    (sql: string): ServerAnswer =>
      SERVERS[dialect]?.(sql, 1) ?? assert.fail(),
) as [Server, Server, Server];

/** What is told of a row that is created, where `sql` follows and then everything is rolled back. */
async function rolledBackAfter(t: TestContext, dialect: string, sql: string): Promise<string[]> {
  const { sequelize, Item } = newWorld(t, dialect, (text) => SERVERS[dialect]?.(text, 1) ?? assert.fail());
  const failing = sequelize.transaction(async (transaction) => {
    await Item.create({ name: 'a' }, { transaction });
    await sequelize.query(sql, { transaction });
    throw new Error('no');
  });
  await assert.rejects(failing, { message: 'no' });
  return takeRecords().map(summary);
}

function newWorld(t: TestContext, dialect: string, server: Server, isAudited = true): World {
  const options: Options & { databaseVersion: string } = {
    dialect: dialect as Dialect,
    dialectModule: FAKE_DRIVERS[dialect]?.(server) ?? assert.fail(),
    host: 'server',
    username: 'user',
    database: 'test',
    logging: false,
    databaseVersion: '21.0.0',
    pool: { max: 1 },
  };
  const sequelize = new Sequelize(options);
  // The one of Snowflake prints something.
  t.mock.method(console, 'log', () => {});
  t.after(() => sequelize.close());
  if (isAudited) auditSequelize(sequelize);
  const Item = sequelize.define<Item>(
    'Item',
    { name: DataTypes.STRING, count: DataTypes.INTEGER },
    { timestamps: false },
  );
  return { sequelize, Item, item: Item.build({ id: 7, name: 'a' }, { isNewRecord: false, raw: true }) };
}

function withCount(event: ModelEvent): string {
  const { total_count, affected } = event.extra;
  const count = total_count ?? affected;
  return count === undefined ? summary(event) : `${summary(event)} of ${String(count)}`;
}
