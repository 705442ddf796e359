import assert from 'node:assert/strict';

import {
  DataTypes,
  type Model,
  type ModelAttributeColumnOptions,
  type ModelStatic,
  Op,
  type Sequelize,
} from 'sequelize';

import { type SequelizeInstrumentationConfig, auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { summary, takeRecords } from './sequelize-records.ts';

/** An application with rows that are changed several at once, and the statements that its database gets. */
interface Shop {
  readonly sequelize: Sequelize;
  /** Soft deletes, a column of another name, a secret, JSON; three rows: `a`, `b` and `c`, of stock 1, 2 and 3. */
  readonly Item: ModelStatic<Model>;
  /** A key of two columns, and rows (1, 1), (1, 2) and (2, 1). */
  readonly Place: ModelStatic<Model>;
  /** No key; two rows. */
  readonly Note: ModelStatic<Model>;
  readonly statements: string[];
}

type Database = (logging: (text: string) => void) => Sequelize;

async function newShop(database: Database, config: SequelizeInstrumentationConfig = {}): Promise<Shop> {
  const statements: string[] = [];
  const sequelize = auditSequelize(
    database((text) => void statements.push(text)),
    { reads: false, beforeImages: true, ...config },
  );
  const Item = sequelize.define(
    'Item',
    {
      name: DataTypes.STRING,
      stock: { type: DataTypes.INTEGER, field: 'in_stock' },
      price: DataTypes.DECIMAL(10, 2),
      pin: { type: DataTypes.STRING, field: 'pin_code', sensitive: true } as never,
      settings: DataTypes.JSON,
    },
    { paranoid: true, updatedAt: false, createdAt: false, scopes: { some: { where: { stock: { [Op.gt]: 1 } } } } },
  );
  const key = (): ModelAttributeColumnOptions => ({ type: DataTypes.INTEGER, primaryKey: true });
  const Place = sequelize.define('Place', { x: key(), y: key(), label: DataTypes.STRING }, { timestamps: false });
  const Note = sequelize.define('Note', { text: DataTypes.STRING }, { timestamps: false });
  Note.removeAttribute('id');
  await sequelize.sync({ force: true });
  const price = '1.50';
  await Item.bulkCreate([
    { name: 'a', stock: 1, price, pin: 'pin a', settings: { size: { width: 0 } } },
    { name: 'b', stock: 2, price, pin: 'pin b', settings: { size: { width: 1 } } },
    { name: 'c', stock: 3, price, pin: 'pin c', settings: { size: { width: 2 } } },
  ]);
  await Place.bulkCreate([
    { x: 1, y: 1, label: 'one' },
    { x: 1, y: 2, label: 'two' },
    { x: 2, y: 1, label: 'three' },
  ]);
  await Note.bulkCreate([{ text: 'one' }, { text: 'two' }]);
  takeRecords();
  statements.length = 0;
  return { sequelize, Item, Place, Note, statements };
}

type Change = readonly [summary: string, changes: ModelEvent['changes']];

/** What the records say in short, and which values they show. */
function takeChanges(): Change[] {
  return takeRecords().map((record) => [summary(record), record.changes]);
}

const DOUBT = 'before_images';

/** What holds on every database where rows are selected before they are changed. */
export const BEFORE_IMAGES: Readonly<Record<string, (database: Database) => Promise<void>>> = {
  'tells of each row that an UPDATE changed, with old and new values': (database) =>
    inShop(database, async ({ Item }) => {
      await Item.update({ name: 'x', pin: 'new', settings: { size: { width: 7 } } }, { where: { stock: [1, 2] } });
      const records = takeRecords();
      assert.deepEqual(records.map(summary), ['UPDATE Item 1', 'UPDATE Item 2']);
      assert.deepEqual(
        records.map(({ changes }) => changes),
        [
          { name: ['a', 'x'], pin: ['[REDACTED]', '[REDACTED]'], 'settings.size.width': [0, 7] },
          { name: ['b', 'x'], pin: ['[REDACTED]', '[REDACTED]'], 'settings.size.width': [1, 7] },
        ],
      );
      const [first] = records;
      const { price, ...row } = first?.instance_repr ?? {};
      const shown = { name: 'x', stock: 1, pin: '[REDACTED]', settings: { size: { width: 7 } }, deletedAt: null };
      assert.deepEqual(row, { id: 1, ...shown });
      assert.equal(Number(price), 1.5);
      const where = { and: [{ deletedAt: { eq: null } }, { stock: [1, 2] }] };
      assert.deepEqual(first?.extra, { bulk: { event_type: 'BULK_UPDATE', total_count: 2, where } });
    }),

  "doesn't tell of a row that an UPDATE left as it was": (database) =>
    inShop(database, async ({ Item }) => {
      await Item.update({ name: 'a', price: 1.5 }, { where: {} });
      assert.deepEqual(takeChanges(), [
        ['UPDATE Item 2', { name: ['b', 'a'] }],
        ['UPDATE Item 3', { name: ['c', 'a'] }],
      ]);
      await Item.update({ name: 'a' }, { where: {} });
      assert.deepEqual(takeChanges(), []);
    }),

  'tells of each row that was deleted, softly and for good, and restored': (database) =>
    inShop(database, async ({ Item, Place }) => {
      await Item.destroy({ where: { name: ['a', 'b'] } });
      await Item.restore({ where: { name: ['b', 'c'] } });
      const restored = takeRecords();
      assert.deepEqual(restored.map(summary), ['DELETE Item 1', 'DELETE Item 2', 'RESTORE Item 2']);
      assert.deepEqual(
        restored.map(({ changes }) => Object.keys(changes ?? {})),
        [[], [], ['deletedAt']],
      );
      await Item.destroy({ where: { name: 'b' }, force: true });
      await Place.destroy({ where: { x: 1 } });
      const gone = takeRecords();
      assert.deepEqual(gone.map(summary), ['DELETE Item 2', 'DELETE Place 1,1', 'DELETE Place 1,2']);
      assert.deepEqual(
        gone.map(({ instance_repr: { name, label, settings } }) => [name ?? label, settings]),
        [
          ['b', { size: { width: 1 } }],
          ['one', undefined],
          ['two', undefined],
        ],
      );
    }),

  'tells what increments and decrements made of whole numbers': (database) =>
    inShop(database, async ({ Item }) => {
      await Item.increment('stock', { by: 5, where: { stock: [1, 2] } });
      await Item.decrement({ stock: 4 }, { where: { name: 'c' } });
      const item = await Item.findByPk(1, { rejectOnEmpty: true });
      await item.increment('stock');
      await item.decrement('stock', { by: 2 });
      assert.deepEqual(takeChanges(), [
        ['UPDATE Item 1', { stock: [1, 6] }],
        ['UPDATE Item 2', { stock: [2, 7] }],
        ['UPDATE Item 3', { stock: [3, -1] }],
        ['UPDATE Item 1', { stock: [6, 7] }],
        ['UPDATE Item 1', { stock: [7, 5] }],
      ]);
    }),

  'shows an expression as SQL, and what the database returned of it': (database) =>
    inShop(database, async ({ Item, sequelize }) => {
      const price = sequelize.literal('price + 1');
      await Item.update({ price }, { where: { name: 'a' } });
      await Item.update({ price }, { where: { name: 'a' }, returning: true });
      const [unknown, returned] = takeRecords();
      const returns = sequelize.getDialect() === 'postgres';
      assert.deepEqual(unknown?.changes?.['price']?.[1], { sql: 'price + ?' });
      assert.deepEqual(returned?.changes?.['price']?.[1], returns ? '3.50' : { sql: 'price + ?' });
      assert.deepEqual(returned?.instance_id, '1');
    }),

  'tells of rows that have no key, and of tables that have no model': (database) =>
    inShop(database, async ({ Note, sequelize }) => {
      await Note.update({ text: 'x' }, { where: { text: 'one' } });
      await sequelize.query('DROP TABLE IF EXISTS loose');
      await sequelize.query('CREATE TABLE loose (a INTEGER)');
      await sequelize.query('INSERT INTO loose (a) VALUES (1), (2)');
      takeRecords();
      await sequelize.getQueryInterface().bulkUpdate('loose', { a: 3 }, { a: 1 });
      await sequelize.getQueryInterface().bulkDelete('loose', { a: 2 });
      await Note.destroy({ where: { text: 'x' } });
      const records = takeRecords();
      assert.deepEqual(records.map(summary), ['UPDATE loose', 'DELETE loose', 'DELETE Note']);
      assert.deepEqual(records[0]?.changes, { a: [1, 3] });
      assert.deepEqual(
        records.map(({ instance_repr: row }) => row),
        [{ a: 3 }, { a: 2 }, { text: 'x' }],
      );
    }),

  'tells of as many rows as it may, and of the number of the others': (database) =>
    inShop(database, { beforeImages: 2 }, async ({ Item }) => {
      await Item.update({ name: 'x' }, { where: {} });
      await Item.destroy({ where: {}, force: true });
      const records = takeRecords();
      assert.deepEqual(records.map(summary), [
        'UPDATE Item 1',
        'UPDATE Item 2',
        'BULK_UPDATE Item',
        'DELETE Item 1',
        'DELETE Item 2',
        'BULK_DELETE Item',
      ]);
      const rest = { total_count: 1, fields: ['name'], where: { deletedAt: { eq: null } }, truncated: true };
      assert.deepEqual(records[2]?.extra, rest);
      assert.deepEqual(records[5]?.extra, { total_count: 1, where: {}, truncated: true });
    }),

  'knows the rows of scopes, of conditions in SQL, and of a limit that leaves none out': (database) =>
    inShop(database, async ({ Item, sequelize }) => {
      await Item.scope('some').update({ name: 'x' }, { where: { name: ['a', 'b'] } });
      const quoted = sequelize.getQueryInterface().quoteIdentifier('Items', true);
      await Item.update({ name: 'y' }, { where: sequelize.literal(`${quoted}.in_stock < 2`) });
      await Item.destroy({ where: { name: 'y' }, limit: 5, force: true });
      assert.deepEqual(takeChanges(), [
        ['UPDATE Item 2', { name: ['b', 'x'] }],
        ['UPDATE Item 1', { name: ['a', 'y'] }],
        ['DELETE Item 1', undefined],
      ]);
    }),

  'leaves open which rows a limit takes': (database) =>
    inShop(database, async ({ Item, sequelize }) => {
      await Item.update({ name: 'x' }, { where: {}, limit: 2 });
      const [updated] = takeRecords();
      const ignoresLimit = sequelize.getDialect() === 'postgres';
      assert.equal(updated?.extra[DOUBT], ignoresLimit ? undefined : 'The limit left rows out');
      await Item.destroy({ where: {}, limit: 2, force: true });
      const [record] = takeRecords();
      assert.deepEqual(record?.extra, { total_count: 2, where: {}, [DOUBT]: 'The limit left rows out' });
    }),

  'selects the rows of those models alone that it is asked for, without what their records leave out': (database) =>
    inShop(
      database,
      { beforeImages: false, models: { Item: { beforeImages: 1, exclude: ['price', 'settings'] } } },
      async ({ Item, Place, sequelize, statements }) => {
        await Item.update({ settings: { size: 1 } }, { where: { id: 1 } });
        await Place.update({ label: 'x' }, { where: { x: 2 } });
        assert.deepEqual(takeRecords().map(summary), ['UPDATE Item 1', 'BULK_UPDATE Place']);
        const [select, ...others] = statements.filter((text) => text.includes('SELECT'));
        assert.deepEqual([select?.includes('price'), select?.includes('settings'), others], [false, true, []]);
        const Own = sequelize.define('Own', { label: DataTypes.STRING }, {
          tableName: 'Places',
          timestamps: false,
          audit: { beforeImages: true },
        } as object);
        Own.removeAttribute('id');
        await Own.update({ label: 'y' }, { where: { label: 'x' } });
        assert.deepEqual(takeChanges(), [['UPDATE Own', { label: ['x', 'y'] }]]);
      },
    ),

  "asks nothing of models that aren't recorded": (database) =>
    inShop(database, { models: { Item: false } }, async ({ Item, statements }) => {
      await Item.update({ name: 'x' }, { where: {} });
      assert.deepEqual([takeRecords(), statements.length], [[], 1]);
    }),

  'knows the transaction of a CLS namespace': (database) =>
    inShop(database, async ({ Item, sequelize, statements }) => {
      const transaction = await sequelize.transaction();
      Reflect.set(sequelize.constructor, '_cls', { get: () => transaction });
      try {
        await Item.increment('stock', { where: { id: 1 } });
      } finally {
        Reflect.deleteProperty(sequelize.constructor, '_cls');
      }
      assert.deepEqual(takeRecords(), []);
      await transaction.commit();
      const [record] = takeRecords();
      assert.deepEqual([record?.changes, typeof record?.transaction_id], [{ stock: [1, 2] }, 'string']);
      assert.equal(new Set(statements.map((text) => /\((.*?)\)/.exec(text)?.[1])).size, 1);
    }),

  'keeps as many rows of one transaction as are held for its end': (database) =>
    inShop(database, { beforeImages: 10_000 }, async ({ Note, sequelize }) => {
      const rows = Array.from({ length: 6000 }, () => ({ text: 'many' }));
      await Note.bulkCreate(rows);
      takeRecords();
      await sequelize.transaction(async (transaction) => {
        await Note.update({ text: 'a' }, { where: { text: 'many' }, transaction });
        await Note.update({ text: 'b' }, { where: { text: 'a' }, transaction });
        await Note.update({ text: 'c' }, { where: { text: 'b' }, transaction });
      });
      const records = takeRecords();
      const [rest, last] = records.splice(10_000);
      assert.ok(records.every(({ event_type: type }) => type === 'UPDATE'));
      assert.deepEqual([rest?.extra['total_count'], rest?.extra['truncated']], [2000, true]);
      assert.deepEqual(
        [last?.extra['total_count'], last?.extra[DOUBT]],
        [6000, 'The transaction has changed too many rows'],
      );
    }),

  'selects in the transaction, and locks there': (database) =>
    inShop(database, async ({ Item, sequelize, statements }) => {
      await sequelize.transaction(async (transaction) => {
        await Item.update({ name: 'x' }, { where: { id: 1 }, transaction });
        await Item.update({ name: 'y' }, { where: { id: 1 }, transaction });
        await Item.destroy({ where: { id: 1 }, force: true, transaction });
      });
      const records = takeRecords();
      assert.deepEqual(records.map(summary), ['UPDATE Item 1', 'UPDATE Item 1', 'DELETE Item 1']);
      assert.deepEqual(
        records.map(({ changes }) => changes?.['name']),
        [['a', 'x'], ['x', 'y'], undefined],
      );
      assert.equal(new Set(records.map(({ transaction_id: id }) => id)).size, 1);
      const selects = statements.filter((text) => text.includes('SELECT'));
      const locks: Record<string, readonly string[]> = {
        postgres: ['FOR NO KEY UPDATE', 'FOR NO KEY UPDATE', 'FOR UPDATE'],
        sqlite: ['', '', ''],
      };
      assert.deepEqual(
        selects.map((text) => /FOR [A-Z ]+/.exec(text)?.[0] ?? ''),
        locks[sequelize.getDialect()] ?? ['FOR UPDATE', 'FOR UPDATE', 'FOR UPDATE'],
      );
      assert.equal(new Set(statements.map((text) => /\((.*?)\)/.exec(text)?.[1])).size, 1);
    }),

  'tells nothing of what was rolled back, or one failure of each statement': (database) =>
    inShop(database, async ({ Item, sequelize }) => {
      const undo = new Error('undo');
      const run = (): Promise<unknown> =>
        sequelize.transaction(async (transaction) => {
          await Item.update({ name: 'x' }, { where: {}, transaction });
          await sequelize
            .transaction({ transaction }, async (nested) => {
              await Item.destroy({ where: {}, transaction: nested });
              throw undo;
            })
            .catch((error: unknown) => assert.equal(error, undo));
          await Item.increment('stock', { where: { id: 1 }, transaction });
        });
      await run();
      assert.deepEqual(takeChanges(), [
        ['UPDATE Item 1', { name: ['a', 'x'] }],
        ['UPDATE Item 2', { name: ['b', 'x'] }],
        ['UPDATE Item 3', { name: ['c', 'x'] }],
        ['UPDATE Item 1', { stock: [1, 2] }],
      ]);
    }),

  'tells of a statement that was rolled back once, where that is asked for': (database) =>
    inShop(database, { recordRollbacks: true }, async ({ Item, sequelize }) => {
      const transaction = await sequelize.transaction();
      await Item.update({ name: 'x' }, { where: {}, transaction });
      await transaction.rollback();
      const records = takeRecords();
      assert.deepEqual(records.map(summary), ['BULK_UPDATE Item failure']);
      assert.equal(records[0]?.extra['total_count'], 3);
    }),

  'tells of a statement that failed once': (database) =>
    inShop(database, async ({ Place }) => {
      await assert.rejects(Place.update({ x: 1, y: 1 }, { where: { label: ['two', 'three'] } }));
      assert.deepEqual(takeRecords().map(summary), ['BULK_UPDATE Place failure']);
    }),

  "doesn't tell old values that something else of the transaction may have changed": (database) =>
    inShop(database, async ({ Item, Note, sequelize }) => {
      await sequelize.transaction(async (transaction) => {
        await Promise.all([
          Item.update({ name: 'x' }, { where: { id: 1 }, transaction }),
          Item.update({ name: 'y' }, { where: { id: [1, 2] }, transaction }),
          Item.update({ name: 'z' }, { where: { id: 3 }, transaction }),
          Note.update({ text: 'x' }, { where: { text: 'one' }, transaction }),
        ]);
      });
      const records = takeRecords();
      assert.deepEqual(records.map(summary), ['UPDATE Item 1', 'BULK_UPDATE Item', 'UPDATE Item 3', 'UPDATE Note']);
      assert.equal(records[1]?.extra[DOUBT], 'The transaction changed rows in between');
      const [item] = await Item.findAll({ where: { id: 3 } });
      await sequelize.transaction((transaction) =>
        Promise.all([
          Item.update({ name: 'y' }, { where: { id: 3 }, transaction }),
          item?.update({ name: 'saved' }, { transaction }),
          Note.create({ text: 'new' }, { transaction }),
        ]),
      );
      const bulk = takeRecords().find(({ event_type: type }) => type === 'BULK_UPDATE');
      assert.equal(bulk?.extra[DOUBT], 'The transaction changed rows in between');
    }),

  "doesn't tell rows where others were changed than had been selected": (database) =>
    inShop(database, async ({ Item, sequelize }) => {
      const [, second] = await Item.findAll({ order: ['id'] });
      sequelize.addHook('afterQuery', 'meanwhile', async ({ type }: { type?: string }) => {
        if (type !== 'SELECT') return;
        sequelize.removeHook('afterQuery', 'meanwhile');
        await second?.destroy({ force: true });
      });
      await Item.update({ name: 'x' }, { where: {} });
      const [, record] = takeRecords();
      assert.deepEqual(
        [record?.event_type, record?.extra['total_count'], record?.extra[DOUBT]],
        ['BULK_UPDATE', 2, 'Other rows were changed than had been selected'],
      );
    }),

  'goes on where rows can’t be selected, unless the transaction is over by it': (database) =>
    inShop(database, async ({ Item, sequelize }) => {
      const Wide = sequelize.define(
        'Wide',
        { name: DataTypes.STRING, missing: DataTypes.STRING },
        { tableName: 'Items', timestamps: false },
      );
      const [changed] = await Wide.update({ name: 'x' }, { where: { id: 1 } });
      const [record] = takeRecords();
      assert.deepEqual(
        [changed, record?.event_type, record?.extra['total_count'], record?.extra[DOUBT]],
        [1, 'BULK_UPDATE', 1, 'The rows could not be selected'],
      );
      const transaction = await sequelize.transaction();
      const running = Wide.update({ name: 'y' }, { where: { id: 1 }, transaction });
      if (sequelize.getDialect() === 'postgres') {
        await assert.rejects(running, /column "missing" does not exist/);
        await transaction.rollback();
        assert.deepEqual(takeRecords().map(summary), ['BULK_UPDATE Wide failure']);
      } else {
        await running;
        await transaction.commit();
        assert.deepEqual(takeRecords().map(summary), ['BULK_UPDATE Wide']);
      }
      assert.equal(await Item.count(), 3);
    }),
};

type Check = (shop: Shop) => Promise<void>;

async function inShop(database: Database, ...given: [Check] | [SequelizeInstrumentationConfig, Check]): Promise<void> {
  const [config, check] = given.length === 1 ? [{}, given[0]] : given;
  const shop = await newShop(database, config);
  try {
    await check(shop);
  } finally {
    await shop.sequelize.close();
  }
}
