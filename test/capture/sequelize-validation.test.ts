import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Sequelize } from 'sequelize';
import { DataTypes, type Model, type ModelStatic } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { newDatabase, summary, takeRecords } from '../support/sequelize-records.ts';

interface Shop {
  readonly sequelize: Sequelize;
  readonly Item: ModelStatic<Model>;
  readonly Part: ModelStatic<Model>;
  readonly Use: ModelStatic<Model>;
  /** An item that was there before. */
  readonly item: Model;
  readonly part: Model;
}

/** Items with parts of their own, and others that they use; a price or an amount is at least 0. */
async function newShop(): Promise<Shop> {
  const sequelize = auditSequelize(newDatabase(), { reads: false });
  const amount = { type: DataTypes.INTEGER, validate: { min: 0 } };
  const Item = sequelize.define('Item', { price: amount, name: DataTypes.STRING }, { timestamps: false });
  const Part = sequelize.define('Part', { amount }, { timestamps: false });
  const Use = sequelize.define('Use', { amount }, { timestamps: false });
  Item.hasMany(Part);
  Part.belongsTo(Item);
  Item.belongsToMany(Part, { through: Use, as: 'used' });
  await sequelize.sync();
  const item = await Item.create({ price: 1 });
  const part = await Part.create({ amount: 1 });
  takeRecords();
  return { sequelize, Item, Part, Use, item, part };
}

/** The methods that associations give an instance. */
function associated(instance: Model): Record<string, (...args: unknown[]) => Promise<unknown>> {
  return instance as never;
}

/** What an application does, and the failures that this makes, by `summary`. */
const REJECTED: Readonly<Record<string, readonly [run: (shop: Shop) => Promise<unknown>, records: readonly string[]]>> =
  {
    'a create': [({ Item }) => Item.create({ price: -1 }), ['CREATE Item failure']],
    'a create without hooks': [({ Item }) => Item.create({ price: -1 }, { hooks: false }), ['CREATE Item failure']],
    'an update': [({ item }) => item.update({ price: -1 }), ['UPDATE Item 1 failure']],
    'an update without hooks': [({ item }) => item.update({ price: -1 }, { hooks: false }), ['UPDATE Item 1 failure']],
    'what a hook changes before a save': [
      ({ Item, item }) => {
        Item.addHook('beforeUpdate', (one) => void one.set('price', -1));
        return item.update({ name: 'x' });
      },
      ['UPDATE Item 1 failure'],
    ],
    'an update of many': [({ Item }) => Item.update({ price: -1 }, { where: { id: 1 } }), ['BULK_UPDATE Item failure']],
    'an update of many, without hooks': [
      ({ Item }) => Item.update({ price: -1 }, { where: { id: 1 }, hooks: false }),
      ['BULK_UPDATE Item failure'],
    ],
    'an update of many, with individual hooks': [
      ({ Item }) => Item.update({ price: -1 }, { where: { id: 1 }, individualHooks: true }),
      ['BULK_UPDATE Item failure'],
    ],
    'an upsert': [({ Item }) => Item.upsert({ id: 1, price: -1 }), ['UPSERT Item 1 failure']],
    'an upsert without hooks': [
      ({ Item }) => Item.upsert({ id: 1, price: -1 }, { hooks: false }),
      ['UPSERT Item 1 failure'],
    ],
    'a create of many': [
      ({ Item }) => Item.bulkCreate([{ price: -1 }, { price: 1 }, { price: -2 }], { validate: true }),
      ['BULK_CREATE Item failure'],
    ],
    'a create of many, with individual hooks': [
      ({ Item }) => Item.bulkCreate([{ price: -1 }, { price: -2 }], { validate: true, individualHooks: true }),
      ['BULK_CREATE Item failure'],
    ],
    findOrCreate: [
      ({ Item }) => Item.findOrCreate({ where: { name: 'x' }, defaults: { price: -1 } }),
      ['CREATE Item failure'],
    ],
    'the parts of a new item': [
      ({ Item, Part }) => Item.create({ price: 1, Parts: [{ amount: -1 }] }, { include: [Part] }),
      ['CREATE Item 2', 'CREATE Part failure'],
    ],
    'the item of a new part, which is not sent': [
      ({ Item, Part }) => Part.create({ amount: 1, Item: { price: -1 } }, { include: [Item] }),
      ['CREATE Item failure'],
    ],
    'what an association creates': [
      ({ item }) => associated(item)['createPart']?.({ amount: -1 }) ?? assert.fail(),
      ['CREATE Part failure'],
    ],
    'what an association puts between two': [
      ({ item, part }) => associated(item)['addUsed']?.(part, { through: { amount: -1 } }) ?? assert.fail(),
      ['BULK_CREATE Use failure'],
    ],
    'a create whose reason a hook replaces': [
      ({ Item }) => {
        Item.addHook('validationFailed' as 'beforeValidate', () => {
          throw new Error('in other words');
        });
        return Item.create({ price: -1 });
      },
      ['CREATE Item failure'],
    ],
    'a create that a hook of validation refuses': [
      ({ Item }) => {
        Item.addHook('beforeValidate', () => {
          throw new Error('not today');
        });
        return Item.create({ price: 1 });
      },
      ['CREATE Item failure'],
    ],
  };

describe('what validation rejects', () => {
  for (const [what, [run, records]] of Object.entries(REJECTED)) {
    it(`is told once, ${what}: ${records.join(', ')}`, async () => {
      await assert.rejects(run(await newShop()));
      assert.deepEqual(takeRecords().map(summary), records);
    });
  }

  it('is told with its reason, and for many with their number', async () => {
    const { Item } = await newShop();
    await assert.rejects(Item.create({ price: -1 }, { hooks: false }));
    await assert.rejects(Item.bulkCreate([{ price: -1 }, { price: 1 }, { price: -2 }], { validate: true }));
    const [one, many] = takeRecords();
    assert.equal(one?.error_message, 'Validation error: Validation min on price failed');
    assert.deepEqual(one.instance_repr, { price: -1 });
    assert.equal(many?.error_message, '2 of 3 rows: Validation error: Validation min on price failed');
    assert.deepEqual(many.extra, { total_count: 3, fields: ['id', 'price', 'name'] });
  });

  it('is told each time, also where an options object is used again', async () => {
    const { Item } = await newShop();
    const options = { validate: true };
    for (const price of [-1, -2]) await assert.rejects(Item.bulkCreate([{ price }], options));
    for (const price of [-1, -2]) await assert.rejects(Item.create({ price }, options));
    assert.deepEqual(takeRecords().map(summary), [
      'BULK_CREATE Item failure',
      'BULK_CREATE Item failure',
      'CREATE Item failure',
      'CREATE Item failure',
    ]);
  });

  it('is told with the transaction that it was to be done in, at once', async () => {
    const { sequelize, Item } = await newShop();
    await assert.rejects(sequelize.transaction((transaction) => Item.create({ price: -1 }, { transaction })));
    const [record] = takeRecords();
    assert.equal(record?.outcome, 'failure');
    assert.ok(record.transaction_id);
  });

  it('is not told where nothing was to be written', async () => {
    const { Item } = await newShop();
    await assert.rejects(Item.build({ price: -1 }).validate());
    await assert.rejects(Item.build({ price: -1 }).validate({ hooks: false }));
    assert.deepEqual(takeRecords(), []);
  });

  it('is not told of an instance of Sequelize that is not recorded', async () => {
    await newShop();
    const Other = newDatabase().define('Other', { price: { type: DataTypes.INTEGER, validate: { min: 0 } } });
    await assert.rejects(Other.create({ price: -1 }));
    assert.deepEqual(takeRecords(), []);
  });

  it('shows no value that it was rejected for', async () => {
    const sequelize = auditSequelize(newDatabase({ typeValidation: true }));
    const pin = { type: DataTypes.INTEGER, sensitive: true };
    const Item = sequelize.define('Item', { pin, kind: DataTypes.ENUM('a', 'b') });
    await sequelize.sync();
    await assert.rejects(Item.create({ pin: '12 is not a valid integer 34' }), /12 is not/);
    await assert.rejects(Item.create({ kind: 'secret' }), /secret/);
    assert.deepEqual(
      takeRecords().map(({ error_message: reason }) => reason),
      ['? is not a valid integer', '? is not a valid choice in ["a","b"]'],
    );
  });

  it('leaves the methods of models as they look', () => {
    const { prototype } = (newDatabase().constructor as typeof Sequelize & { Model: { prototype: object } }).Model;
    auditSequelize(newDatabase());
    const { value, enumerable } = Object.getOwnPropertyDescriptor(prototype, 'validate') ?? assert.fail();
    const { name, length } = value as () => void;
    assert.deepEqual({ enumerable, name, length }, { enumerable: false, name: 'validate', length: 1 });
  });
});
