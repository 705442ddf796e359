import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { type Model, type ModelAttributeColumnOptions, type ModelStatic, Op, type Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { type SequelizeCopy, dialectOf } from './sequelize-copy.ts';
import { summary, takeRecords } from './sequelize-records.ts';

type Check = (sequelize: Sequelize, copy: SequelizeCopy) => Promise<void>;

const UNTIMED = { timestamps: false };
const RETURNING = { returning: true };

const told = (): string[] => takeRecords().map(summary);
const extras = (records: readonly ModelEvent[]): ModelEvent['extra'][] => records.map(({ extra }) => extra);

/** Creates the tables of all models, and forgets what was recorded until now. */
async function sync(sequelize: Sequelize): Promise<void> {
  await sequelize.sync({ force: true });
  takeRecords();
}

const KEY_OF_SEVERAL_COLUMNS: Check = async (sequelize, { DataTypes, column }) => {
  const key = (name: string): ModelAttributeColumnOptions => ({
    type: DataTypes.INTEGER,
    primaryKey: true,
    [column]: name,
  });
  const Seat = sequelize.define('Seat', { row: key('in_row'), number: key('no'), guest: DataTypes.STRING }, UNTIMED);
  await sync(sequelize);
  const seat = await Seat.create({ row: 1, number: 2, guest: 'Ann' });
  await seat.update({ guest: 'Bob' });
  await Seat.upsert({ row: 1, number: 2, guest: 'Cid' });
  await Seat.bulkCreate([
    { row: 2, number: 1 },
    { row: 2, number: 2 },
  ]);
  await Seat.update({ guest: 'Dee' }, { where: { row: 2 }, ...(dialectOf(sequelize) === 'postgres' && RETURNING) });
  await Seat.findAll({ where: { row: 2 }, order: ['number'] });
  await seat.reload();
  await seat.destroy();
  const records = takeRecords();
  assert.deepEqual(records.map(summary), [
    'CREATE Seat 1,2',
    'UPDATE Seat 1,2',
    'UPSERT Seat 1,2',
    'BULK_CREATE Seat',
    'BULK_UPDATE Seat',
    'READ Seat',
    'READ Seat 1,2',
    'DELETE Seat 1,2',
  ]);
  assert.deepEqual(records[0]?.instance_repr, { row: 1, number: 2, guest: 'Ann' });
  assert.deepEqual(records[1]?.changes, { guest: ['Ann', 'Bob'] });
  const [, , , bulk, updated, found] = extras(records);
  const ids = ['2,1', '2,2'];
  assert.deepEqual([bulk?.['instance_ids'], found?.['instance_ids']], [ids, ids]);
  assert.deepEqual(updated?.['instance_ids'], dialectOf(sequelize) === 'postgres' ? ids : undefined);
  assert.deepEqual(records.at(-1)?.instance_repr, { row: 1, number: 2, guest: 'Cid' });
};

const UUID_KEY: Check = async (sequelize, { DataTypes }) => {
  const id = { type: DataTypes.UUID, primaryKey: true, defaultValue: () => randomUUID() };
  const Ticket = sequelize.define('Ticket', { id, seat: DataTypes.STRING }, UNTIMED);
  await sync(sequelize);
  const ticket = await Ticket.create({ seat: 'A1' });
  const tickets = await Ticket.bulkCreate([{ seat: 'A2' }, { seat: 'A3' }]);
  await ticket.update({ seat: 'B1' });
  await Ticket.findByPk(ticket.get('id') as string);
  const [created, bulk, ...others] = takeRecords();
  assert.ok(created);
  assert.equal(created.instance_id, ticket.get('id'));
  assert.deepEqual(created.instance_repr, { id: ticket.get('id'), seat: 'A1' });
  assert.deepEqual(
    bulk?.extra['instance_ids'],
    tickets.map((one) => one.get('id')),
  );
  assert.deepEqual(others.map(summary), [`UPDATE Ticket ${created.instance_id}`, `READ Ticket ${created.instance_id}`]);
};

const KEY_IN_ANOTHER_COLUMN: Check = async (sequelize, { DataTypes, column }) => {
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true, [column]: 'guest_no' };
  const Guest = sequelize.define('Guest', { id, name: DataTypes.STRING }, UNTIMED);
  await sync(sequelize);
  await Guest.create({ name: 'Ann' });
  const guests = await Guest.bulkCreate([{ name: 'Bob' }, { name: 'Cid' }]);
  const [created, bulk] = takeRecords();
  assert.deepEqual(created?.instance_repr, { id: 1, name: 'Ann' });
  const ids = guests.map((guest) => guest.get('id') as number | null);
  // A database that tells no keys leaves them open to the application, too.
  assert.deepEqual(bulk?.extra['instance_ids'], ids.includes(null) ? undefined : ids.map(String));
};

const NO_KEY: Check = async (sequelize, { DataTypes }) => {
  const Note = sequelize.define('Note', { text: DataTypes.STRING, stars: DataTypes.INTEGER }, UNTIMED);
  Note.removeAttribute('id');
  await sync(sequelize);
  await Note.create({ text: 'one', stars: 1 });
  await Note.bulkCreate([{ text: 'two' }, { text: 'three' }]);
  await Note.update({ text: 'first' }, { where: { text: 'one' } });
  await Note.increment('stars', { where: { text: 'first' } });
  await Note.findAll();
  await Note.findAll({ where: { text: 'first' } });
  await Note.destroy({ where: { text: 'first' } });
  const records = takeRecords();
  assert.deepEqual(records.map(summary), [
    'CREATE Note',
    'BULK_CREATE Note',
    'BULK_UPDATE Note',
    'BULK_UPDATE Note',
    'READ Note',
    'READ Note',
    'BULK_DELETE Note',
  ]);
  assert.deepEqual(records[0]?.instance_repr, { text: 'one', stars: 1 });
  assert.deepEqual(records[1]?.extra['total_count'], 2);
  assert.deepEqual(extras(records.slice(2, 5)), [
    { total_count: 1, fields: ['text'], where: { text: 'one' } },
    { total_count: 1, fields: ['stars'], where: { text: 'first' }, by: { stars: 1 } },
    { total_count: 3, where: {} },
  ]);
  assert.deepEqual(records[5]?.instance_repr, { text: 'first', stars: 2 });
  assert.equal(records.filter(({ extra }) => 'instance_ids' in extra).length, 0);
};

/** A model as one of its scopes sees it. */
function scoped(model: ModelStatic<Model>, scope: string): ModelStatic<Model> {
  return 'withScope' in model
    ? (model as unknown as { withScope(name: string): ModelStatic<Model> }).withScope(scope)
    : model.scope(scope);
}

const SCOPES: Check = async (sequelize, { DataTypes }) => {
  const Item = sequelize.define(
    'Item',
    { name: DataTypes.STRING, stock: DataTypes.INTEGER },
    { ...UNTIMED, defaultScope: { where: { name: 'a' } }, scopes: { rest: { where: { stock: { [Op.gt]: 1 } } } } },
  );
  await sync(sequelize);
  await Item.bulkCreate([
    { name: 'a', stock: 1 },
    { name: 'b', stock: 2 },
  ]);
  takeRecords();
  await Item.findAll();
  await scoped(Item, 'rest').findAll();
  await scoped(Item, 'rest').update({ name: 'c' }, { where: {} });
  await Item.destroy({ where: { stock: 1 } });
  const records = takeRecords();
  assert.deepEqual(records.map(summary), ['READ Item 1', 'READ Item 2', 'BULK_UPDATE Item', 'BULK_DELETE Item']);
  const wheres = records.map(({ extra }) => extra['where']);
  assert.deepEqual(wheres.slice(0, 3), [{ name: 'a' }, { stock: { gt: 1 } }, { stock: { gt: 1 } }]);
  // Sequelize 6 merges them into one, Sequelize 7 doesn't.
  const { and } = wheres[3] as { and?: object[] };
  assert.deepEqual(and ? Object.assign({}, ...and) : wheres[3], { name: 'a', stock: 1 });
};

const MODELS_OF_ONE_TABLE: Check = async (sequelize, { DataTypes }) => {
  const kind = (name: string): Model & ModelStatic<Model> =>
    sequelize.define(
      name,
      { kind: { type: DataTypes.STRING, defaultValue: name }, name: DataTypes.STRING, lives: DataTypes.INTEGER },
      { ...UNTIMED, tableName: 'Animals', defaultScope: { where: { kind: name } } },
    ) as never;
  const [Dog, Cat] = [kind('Dog'), kind('Cat')];
  await sync(sequelize);
  const cat = await Cat.create({ name: 'Tom', lives: 9 });
  await Dog.bulkCreate([{ name: 'Rex' }]);
  await Cat.update({ name: 'Tim' }, { where: {} });
  await Cat.increment('lives', { by: -1, where: { name: 'Tim' } });
  await cat.increment('lives');
  await Cat.max('lives');
  await Cat.upsert({ id: 1, name: 'Kit' });
  await Cat.findAll();
  await Dog.findAll();
  await Cat.destroy({ where: {} });
  assert.deepEqual(told(), [
    'CREATE Cat 1',
    'BULK_CREATE Dog',
    'BULK_UPDATE Cat',
    'BULK_UPDATE Cat',
    'UPDATE Cat 1',
    'READ Cat',
    'UPSERT Cat 1',
    'READ Cat 1',
    'READ Dog 2',
    'BULK_DELETE Cat',
  ]);
};

const VIRTUALS: Check = async (sequelize, { DataTypes }) => {
  const Person = sequelize.define(
    'Person',
    {
      first: { type: DataTypes.STRING, get: () => 'what a getter makes of it' },
      last: {
        type: DataTypes.STRING,
        set(value: string): void {
          this.setDataValue('last', value.toUpperCase());
        },
      },
      full: {
        type: DataTypes.VIRTUAL,
        set(value: string): void {
          const [first, last] = value.split(' ');
          this.set({ first, last });
        },
      },
    },
    UNTIMED,
  );
  await sync(sequelize);
  const person = await Person.create({ full: 'Ann Ash' });
  await person.update({ full: 'Ann Oak' });
  await Person.bulkCreate([{ full: 'Bob Elm' }]);
  const [created, updated, bulk] = takeRecords();
  assert.deepEqual(created?.instance_repr, { id: 1, first: 'Ann', last: 'ASH' });
  assert.deepEqual(updated?.changes, { last: ['ASH', 'OAK'] });
  assert.deepEqual(bulk?.extra['fields'], ['id', 'first', 'last']);
};

const ASSOCIATIONS_OF_ONE: Check = async (sequelize, { DataTypes }) => {
  const Owner = sequelize.define('Owner', { name: DataTypes.STRING }, UNTIMED);
  const Shop = sequelize.define('Shop', { name: DataTypes.STRING }, UNTIMED);
  const Sign = sequelize.define('Sign', { text: DataTypes.STRING }, UNTIMED);
  Shop.belongsTo(Owner, { as: 'Owner', foreignKey: 'ownerId' });
  Shop.hasOne(Sign, { as: 'Sign', foreignKey: 'shopId' });
  await sync(sequelize);
  const shop = (await Shop.create({ name: 'Books' })) as Model & Record<string, (...args: unknown[]) => Promise<Model>>;
  const owner = await Owner.create({ name: 'Ann' });
  takeRecords();
  await shop['setOwner']?.(owner);
  await shop['createOwner']?.({ name: 'Bob' });
  await shop['createSign']?.({ text: 'open' });
  await shop['setSign']?.(null);
  await shop['getOwner']?.();
  const records = takeRecords();
  const changes = records.map((record) => [summary(record), record.changes]);
  assert.deepEqual(changes.slice(0, 3), [
    ['UPDATE Shop 1', { ownerId: [null, 1] }],
    ['CREATE Owner 2', undefined],
    ['UPDATE Shop 1', { ownerId: [1, 2] }],
  ]);
  assert.deepEqual(
    [records[3] && summary(records[3]), records[3]?.instance_repr],
    ['CREATE Sign 1', { id: 1, text: 'open', shopId: 1 }],
  );
  assert.deepEqual(changes.slice(4), [
    ['READ Sign 1', undefined],
    ['UPDATE Sign 1', { shopId: [1, null] }],
    ['READ Owner 2', undefined],
  ]);
};

const THROUGH: Check = async (sequelize, { DataTypes }) => {
  const Player = sequelize.define('Player', { name: DataTypes.STRING }, UNTIMED);
  const Team = sequelize.define('Team', { name: DataTypes.STRING }, UNTIMED);
  const Contract = sequelize.define('Contract', { wage: DataTypes.INTEGER }, UNTIMED);
  Player.belongsToMany(Team, { as: 'Teams', through: Contract, foreignKey: 'playerId', otherKey: 'teamId' });
  await sync(sequelize);
  const player = (await Player.create({ name: 'Ann' })) as Model &
    Record<string, (...args: unknown[]) => Promise<unknown>>;
  const team = await Team.create({ name: 'Reds' });
  takeRecords();
  await player['addTeam']?.(team, { through: { wage: 100 } });
  await player['addTeam']?.(team, { through: { wage: 200 } });
  await player['removeTeam']?.(team);
  const [looked, added, lookedAgain, changed, removed] = takeRecords();
  assert.deepEqual([looked, lookedAgain].map(one), ['READ Contract', 'READ Contract 1,1']);
  assert.deepEqual(
    [one(added), added?.extra['total_count'], added?.extra['instance_ids']],
    ['BULK_CREATE Contract', 1, ['1,1']],
  );
  assert.deepEqual([one(changed), changed?.instance_repr], ['BULK_UPDATE Contract', { wage: 200 }]);
  assert.deepEqual(changed?.extra, { total_count: 1, fields: ['wage'], where: { playerId: 1, teamId: 1 } });
  assert.deepEqual([one(removed), removed?.extra['total_count']], ['BULK_DELETE Contract', 1]);
};

const one = (record: ModelEvent | undefined): string => (record ? summary(record) : 'nothing');

const READS: Check = async (sequelize, { DataTypes }) => {
  const Item = sequelize.define('Item', { name: DataTypes.STRING, stock: DataTypes.INTEGER }, UNTIMED);
  await sync(sequelize);
  await Item.bulkCreate([1, 2, 3].map((stock) => ({ name: `item ${stock}`, stock })));
  takeRecords();
  await Item.findAll({ attributes: ['id', 'stock'], where: { stock: [1, 2] }, order: ['id'] });
  await Item.findAndCountAll({ limit: 2, order: ['id'] });
  await Item.findOne({ where: { stock: 3 }, attributes: ['id', 'name'], raw: true });
  await Item.count();
  for (const method of ['max', 'min', 'sum'] as const) {
    // Each is a query of its own, one after the other.
    // oxlint-disable-next-line no-await-in-loop
    await Item[method]('stock', { where: { stock: 1 } });
  }
  const [some, page, row, ...aggregates] = takeRecords();
  assert.deepEqual(some?.extra, {
    total_count: 2,
    fields: ['id', 'stock'],
    where: { stock: [1, 2] },
    instance_ids: ['1', '2'],
  });
  assert.deepEqual(page?.extra, { total_count: 2, where: {}, instance_ids: ['1', '2'] });
  assert.deepEqual([row?.instance_id, row?.instance_repr], ['3', { id: 3, name: 'item 3' }]);
  assert.deepEqual(
    extras(aggregates),
    ['max', 'min', 'sum'].map((aggregate) => ({ aggregate, fields: ['stock'], where: { stock: 1 } })),
  );
};

const INCLUDES: Check = async (sequelize, { DataTypes, column }) => {
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true, [column]: 'article_no' };
  const Author = sequelize.define('Author', { name: DataTypes.STRING }, UNTIMED);
  const Article = sequelize.define('Article', { id, title: DataTypes.STRING }, UNTIMED);
  const Topic = sequelize.define('Topic', { label: DataTypes.STRING }, UNTIMED);
  const ArticleTopic = sequelize.define('ArticleTopic', {}, UNTIMED);
  Author.hasMany(Article, { as: 'Articles', foreignKey: 'authorId' });
  Article.belongsToMany(Topic, { as: 'Topics', through: ArticleTopic, foreignKey: 'articleId', otherKey: 'topicId' });
  await sync(sequelize);
  await Author.bulkCreate([{ name: 'Ann' }, { name: 'Bob' }]);
  await Topic.bulkCreate([{ label: 'red' }, { label: 'blue' }]);
  await Article.bulkCreate([1, 1, 2].map((authorId, index) => ({ title: `article ${index}`, authorId })));
  await ArticleTopic.bulkCreate([
    { articleId: 1, topicId: 1 },
    { articleId: 2, topicId: 1 },
  ]);
  takeRecords();
  const nested = {
    include: [{ association: 'Articles', include: ['Topics'] }],
    order: ['id', ['Articles', 'id']] as never,
  };
  await Author.findAll(nested);
  await Author.findAll({ ...nested, raw: true });
  await Author.findAll({ ...nested, raw: true, nest: true });
  await Author.findByPk(2, { include: ['Articles'] });
  await Author.findAll({ ...nested, where: { id: 2 }, raw: true, nest: true });
  await Author.findByPk(2, { include: [{ association: 'Articles', attributes: [] }] });
  await Author.findAll({ include: [{ association: 'Articles', separate: true }] });
  const [instances, raw, nest, ...others] = takeRecords();
  const all = [
    { model: 'Article', instance_ids: ['1', '2', '3'] },
    { model: 'Topic', instance_ids: ['1'] },
  ];
  for (const found of [instances, raw, nest]) {
    const [articles, topics, through] = (found?.extra['included'] ?? []) as { model: string; instance_ids: string[] }[];
    assert.deepEqual([articles, topics], all);
    // The columns of its key stand in another order in Sequelize 7.
    assert.deepEqual([through?.model, through?.instance_ids.length], ['ArticleTopic', 2]);
  }
  assert.deepEqual(
    others.map((record) => [summary(record), record.extra['included']]),
    [
      ['READ Author 2', [{ model: 'Article', instance_ids: ['3'] }]],
      ['READ Author 2', [{ model: 'Article', instance_ids: ['3'] }]],
      ['READ Author 2', undefined],
      ['READ Author', undefined],
      ['READ Article', undefined],
    ],
  );
  for (const found of others.slice(0, 3)) assert.deepEqual(found.instance_repr, { id: 2, name: 'Bob' });
  await Article.bulkCreate(Array.from({ length: 1001 }, (_, index) => ({ title: `article ${index}`, authorId: 2 })));
  await Author.findByPk(2, { include: ['Articles'] });
  const [, many] = takeRecords();
  const [articles, ...more] = (many?.extra['included'] ?? []) as { instance_ids: string[]; truncated?: true }[];
  assert.deepEqual([articles?.instance_ids.length, articles?.truncated, more], [1000, true, []]);
};

const DUPLICATES: Check = async (sequelize, { DataTypes }) => {
  const Item = sequelize.define(
    'Item',
    { name: { type: DataTypes.STRING, unique: true }, n: DataTypes.INTEGER },
    UNTIMED,
  );
  await sync(sequelize);
  await Item.create({ name: 'a', n: 1 });
  takeRecords();
  const rows = [
    { name: 'a', n: 2 },
    { name: 'b', n: 2 },
  ];
  await Item.bulkCreate(rows, { ignoreDuplicates: true });
  await Item.bulkCreate(rows, { updateOnDuplicate: ['n'] });
  const [ignored, updated] = takeRecords();
  assert.deepEqual([one(ignored), ignored?.extra['total_count']], ['BULK_CREATE Item', 1]);
  assert.equal(ignored?.extra['ignore_duplicates'], true);
  assert.deepEqual([one(updated), updated?.extra['total_count']], ['BULK_CREATE Item', 2]);
  assert.deepEqual(updated?.extra['update_on_duplicate'], ['n']);
};

/** Kinds of models, by what is told of them: which records, with which fields. */
const KINDS: Readonly<Record<string, Check>> = {
  'a key of several columns': KEY_OF_SEVERAL_COLUMNS,
  'a UUID as its key': UUID_KEY,
  'a key in a column of another name': KEY_IN_ANOTHER_COLUMN,
  'no key': NO_KEY,
  scopes: SCOPES,
  'a table that it shares with another model': MODELS_OF_ONE_TABLE,
  'virtual attributes, getters and setters': VIRTUALS,
  'associations with one row': ASSOCIATIONS_OF_ONE,
  'a through table with attributes of its own': THROUGH,
  'rows that are looked at': READS,
  'rows of other models that come along': INCLUDES,
  'rows that are there already': DUPLICATES,
};

/** By the kind of a model: whether what is told of such a one on a new connection is right. */
export const MODEL_KINDS: Readonly<Record<string, (database: Sequelize, copy: SequelizeCopy) => Promise<void>>> =
  Object.fromEntries(
    Object.entries(KINDS).map(([kind, check]) => [
      kind,
      async (database: Sequelize, copy: SequelizeCopy): Promise<void> => {
        const sequelize = auditSequelize(database);
        try {
          await check(sequelize, copy);
        } finally {
          await sequelize.drop();
          await sequelize.close();
        }
      },
    ]),
  );
