import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { type TestContext, beforeEach, describe, it } from 'node:test';

import { DataTypes, type Model, type ModelStatic, Op, QueryTypes, Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { SequelizeInstrumentation } from '../../src/capture/sequelize.ts';
import { withActor } from '../../src/context/actor.ts';
import { runInWork } from '../../src/context/work.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { newDatabase, provider, summary, takeRecords } from '../support/sequelize-records.ts';

interface World {
  readonly sequelize: Sequelize;
  readonly User: ModelStatic<Model>;
  readonly Tag: ModelStatic<Model>;
  readonly Post: ModelStatic<Model>;
  readonly UserTag: ModelStatic<Model>;
  /** A user that was there before. */
  readonly ann: Model;
}

const sensitive = { type: DataTypes.STRING, field: 'badge_no', sensitive: true };

async function newWorld(prepare: (sequelize: Sequelize) => void = auditSequelize, options = {}): Promise<World> {
  const sequelize = newDatabase(options);
  prepare(sequelize);
  const User = sequelize.define(
    'User',
    {
      name: DataTypes.STRING,
      age: { type: DataTypes.INTEGER, defaultValue: 0, validate: { min: 0 } },
      email: { type: DataTypes.STRING, unique: true, field: 'e_mail' },
      settings: DataTypes.JSON,
      badge: sensitive,
      shout: {
        type: DataTypes.VIRTUAL,
        get(): string {
          return String(this.getDataValue('name')).toUpperCase();
        },
      },
    },
    { paranoid: true },
  );
  const Tag = sequelize.define('Tag', { label: DataTypes.STRING }, { timestamps: false });
  const Post = sequelize.define('Post', { title: DataTypes.STRING }, { timestamps: false });
  const UserTag = sequelize.define('UserTag', {}, { timestamps: false });
  User.belongsToMany(Tag, { through: UserTag });
  User.hasMany(Post, { onDelete: 'CASCADE', hooks: true });
  Post.belongsTo(User);
  await sequelize.sync();
  const ann = await User.create({ name: 'Ann', age: 30, email: 'ann@x.org', badge: 'B-1' });
  await Tag.bulkCreate([{ label: 'red' }, { label: 'blue' }]);
  takeRecords();
  return { sequelize, User, Tag, Post, UserTag, ann };
}

/** The methods that associations give an instance. */
function associated(instance: Model): Record<string, (...args: unknown[]) => Promise<unknown>> {
  return instance as never;
}

/** What the application does, and the records that this makes. */
const OPERATIONS: Readonly<
  Record<string, readonly [run: (world: World) => Promise<unknown>, records: readonly string[]]>
> = {
  'Model.create': [({ User }) => User.create({ name: 'Bob' }), ['CREATE User 2']],
  'Model.create without hooks': [({ User }) => User.create({ name: 'Bob' }, { hooks: false }), ['CREATE User 2']],
  'build and save': [({ User }) => User.build({ name: 'Bob' }).save(), ['CREATE User 2']],
  'instance.save': [({ ann }) => ann.set('name', 'Anne').save(), ['UPDATE User 1']],
  'instance.save of nothing new': [({ ann }) => ann.save(), []],
  'instance.update': [({ ann }) => ann.update({ name: 'Anne' }), ['UPDATE User 1']],
  'instance.update without hooks': [({ ann }) => ann.update({ name: 'Anne' }, { hooks: false }), ['UPDATE User 1']],
  'instance.increment': [({ ann }) => ann.increment('age'), ['UPDATE User 1']],
  'instance.decrement': [({ ann }) => ann.decrement('age', { by: 2 }), ['UPDATE User 1']],
  'Model.increment': [({ User }) => User.increment('age', { where: { name: 'Ann' } }), ['BULK_UPDATE User']],
  'Model.increment of no row': [({ User }) => User.increment('age', { where: { name: 'Nobody' } }), []],
  'Model.update': [({ User }) => User.update({ name: 'x' }, { where: { id: 1 } }), ['BULK_UPDATE User']],
  'Model.update without hooks': [
    ({ User }) => User.update({ name: 'x' }, { where: { id: 1 }, hooks: false }),
    ['BULK_UPDATE User'],
  ],
  'Model.update of no row': [({ User }) => User.update({ name: 'x' }, { where: { id: 99 } }), []],
  'Model.update with individual hooks': [
    ({ User }) => User.update({ name: 'x' }, { where: { id: 1 }, individualHooks: true }),
    ['READ User 1', 'BULK_UPDATE User'],
  ],
  'Model.bulkCreate': [({ User }) => User.bulkCreate([{ name: 'a' }, { name: 'b' }]), ['BULK_CREATE User']],
  'Model.bulkCreate with individual hooks': [
    ({ User }) => User.bulkCreate([{ name: 'a' }, { name: 'b' }], { individualHooks: true }),
    ['CREATE User 2', 'CREATE User 3'],
  ],
  'Model.bulkCreate of duplicates that are ignored': [
    ({ User }) => User.bulkCreate([{ email: 'ann@x.org' }], { ignoreDuplicates: true }),
    [],
  ],
  'Model.bulkCreate of duplicates that are ignored, without a key from the database': [
    ({ UserTag }) =>
      UserTag.bulkCreate([{ UserId: 1, TagId: 1 }]).then(() =>
        UserTag.bulkCreate([{ UserId: 1, TagId: 1 }], { ignoreDuplicates: true }),
      ),
    ['BULK_CREATE UserTag'],
  ],
  'Model.bulkCreate of nothing': [({ User }) => User.bulkCreate([]), []],
  'Model.upsert': [({ User }) => User.upsert({ id: 1, name: 'Anne' }), ['UPSERT User 1']],
  'findOrCreate of a new row': [
    ({ User }) => User.findOrCreate({ where: { email: 'new@x.org' } }),
    ['READ User', 'CREATE User 2'],
  ],
  'findOrCreate of a row that is there': [
    ({ User }) => User.findOrCreate({ where: { email: 'ann@x.org' } }),
    ['READ User 1'],
  ],
  findCreateFind: [
    ({ User }) => User.findCreateFind({ where: { email: 'new@x.org' } }),
    ['READ User', 'CREATE User 2'],
  ],
  'instance.destroy, paranoid': [({ ann }) => ann.destroy(), ['DELETE User 1']],
  'instance.destroy, twice': [({ ann }) => ann.destroy().then(() => ann.destroy()), ['DELETE User 1']],
  'instance.destroy with force and rows that depend on it': [
    async ({ ann }) => {
      await associated(ann)['createPost']?.({ title: 'p' });
      await ann.destroy({ force: true });
    },
    ['CREATE Post 1', 'READ Post 1', 'DELETE Post 1', 'DELETE User 1'],
  ],
  'instance.restore': [({ ann }) => ann.destroy().then(() => ann.restore()), ['DELETE User 1', 'RESTORE User 1']],
  'Model.destroy, paranoid': [({ User }) => User.destroy({ where: { id: 1 } }), ['BULK_DELETE User']],
  'Model.restore': [
    ({ User }) => User.destroy({ where: {} }).then(() => User.restore({ where: { id: 1 } })),
    ['BULK_DELETE User', 'BULK_RESTORE User'],
  ],
  'Model.destroy with individual hooks': [
    ({ User }) => User.destroy({ where: { id: 1 }, individualHooks: true }),
    ['READ User 1', 'BULK_DELETE User'],
  ],
  'Model.destroy with force': [({ User }) => User.destroy({ where: { id: 1 }, force: true }), ['BULK_DELETE User']],
  'Model.destroy of no row': [({ User }) => User.destroy({ where: { id: 99 } }), []],
  'Model.truncate': [({ Tag }) => Tag.truncate(), ['TRUNCATE Tag']],
  'findAll of one row': [({ User }) => User.findAll(), ['READ User 1']],
  'findAll of several rows': [({ Tag }) => Tag.findAll(), ['READ Tag']],
  'findAll without hooks': [({ User }) => User.findAll({ hooks: false } as object), ['READ User 1']],
  findByPk: [({ User }) => User.findByPk(1, { raw: true }), ['READ User 1']],
  'findOne of no row': [({ User }) => User.findOne({ where: { id: 99 } }), ['READ User']],
  findAndCountAll: [({ User }) => User.findAndCountAll(), ['READ User 1']],
  count: [({ User }) => User.count(), []],
  max: [({ User }) => User.max('age'), ['READ User']],
  reload: [({ ann }) => ann.reload(), ['READ User 1']],
  'a find with rows of other models': [({ User }) => User.findAll({ include: ['Tags', 'Posts'] }), ['READ User 1']],
  'a many-to-many association': [
    async ({ ann, Tag }) => {
      const [red, blue] = await Tag.findAll({ hooks: false } as object);
      takeRecords();
      await associated(ann)['addTag']?.(red);
      await associated(ann)['setTags']?.([blue]);
      await associated(ann)['removeTag']?.(blue);
    },
    [
      'READ UserTag',
      'BULK_CREATE UserTag',
      'READ UserTag 1,1',
      'BULK_DELETE UserTag',
      'BULK_CREATE UserTag',
      'BULK_DELETE UserTag',
    ],
  ],
  'a one-to-many association': [
    async ({ ann, Post }) => {
      await associated(ann)['createPost']?.({ title: 'a' });
      await associated(ann)['addPost']?.(await Post.create({ title: 'b' }));
    },
    ['CREATE Post 1', 'CREATE Post 2', 'BULK_UPDATE Post'],
  ],
  'a create with rows of other models': [
    ({ User, Post }) => User.create({ name: 'Bob', Posts: [{ title: 'a' }] }, { include: [Post] }),
    ['CREATE User 2', 'CREATE Post 1'],
  ],
  'a raw INSERT': [({ sequelize }) => sequelize.query("INSERT INTO Tags (label) VALUES ('x')"), ['SQL Tags']],
  'SQL that Sequelize takes for a comment, in SQLite': [
    ({ sequelize }) => sequelize.query("-- not sent\nINSERT INTO Tags (label) VALUES ('x')"),
    [],
  ],
  'a raw UPDATE': [
    ({ sequelize }) => sequelize.query("UPDATE Tags SET label = 'x'", { type: QueryTypes.UPDATE }),
    ['SQL Tags'],
  ],
  'a raw UPDATE of no row': [
    ({ sequelize }) => sequelize.query('UPDATE Tags SET label = 1 WHERE id = 99', { type: QueryTypes.UPDATE }),
    [],
  ],
  'a raw SELECT': [({ sequelize }) => sequelize.query('SELECT * FROM Tags', { type: QueryTypes.SELECT }), ['READ']],
  'a failing raw INSERT': [
    ({ sequelize }) => sequelize.query("INSERT INTO Users (e_mail) VALUES ('ann@x.org')"),
    ['SQL Users failure'],
  ],
  'queryInterface.bulkInsert': [
    ({ sequelize }) => sequelize.getQueryInterface().bulkInsert('Tags', [{ label: 'x' }]),
    ['BULK_CREATE Tag'],
  ],
  'queryInterface.bulkDelete': [
    ({ sequelize }) => sequelize.getQueryInterface().bulkDelete('Tags', { label: 'red' }),
    ['BULK_DELETE Tag'],
  ],
  'queryInterface.insert': [
    ({ sequelize }) => sequelize.getQueryInterface().insert(null, 'Tags', { label: 'x' }),
    ['CREATE Tag'],
  ],
  'queryInterface.bulkUpdate': [
    ({ sequelize }) => sequelize.getQueryInterface().bulkUpdate('Tags', { label: 'x' }, { label: 'red' }),
    ['BULK_UPDATE Tag'],
  ],
  'a change of the schema': [
    async ({ sequelize }) => {
      const queryInterface = sequelize.getQueryInterface();
      await queryInterface.addColumn('Tags', 'more', { type: DataTypes.STRING });
      await queryInterface.removeColumn('Tags', 'more');
      await queryInterface.describeTable('Tags');
      await queryInterface.showAllTables();
      await sequelize.authenticate();
      await sequelize.sync();
    },
    [],
  ],
  'a create that the database rejects': [({ User }) => User.create({ email: 'ann@x.org' }), ['CREATE User failure']],
  'a bulkCreate that the database rejects': [
    ({ User }) => User.bulkCreate([{ email: 'ann@x.org' }]),
    ['BULK_CREATE User failure'],
  ],
  'a create that validation rejects': [({ User }) => User.create({ age: -1 }), ['CREATE User failure']],
  'an update that validation rejects': [({ ann }) => ann.update({ age: -1 }), ['UPDATE User 1 failure']],
  'a bulk update that validation rejects': [
    ({ User }) => User.update({ age: -1 }, { where: {} }),
    ['BULK_UPDATE User failure'],
  ],
  'a validation alone': [({ User }) => User.build({ age: -1 }).validate(), []],
};

const rejection = (error: unknown): unknown => error;

describe('the records of Sequelize', () => {
  beforeEach(() => void takeRecords());

  for (const [name, [run, expected]] of Object.entries(OPERATIONS)) {
    it(`tells of ${name}: ${expected.join(', ') || 'nothing'}`, async () => {
      const world = await newWorld();
      await run(world).catch(rejection);
      assert.deepEqual(takeRecords().map(summary), expected);
    });
  }

  it('shows a created row as it was stored: no virtual attribute, secrets redacted, the key that the database gave', async () => {
    const { User } = await newWorld();
    const bob = await User.create({ name: 'Bob', age: 7, badge: 'B-2', settings: { theme: 'dark' } });
    const [record] = takeRecords();
    assert.deepEqual(record?.instance_repr, {
      id: 2,
      name: 'Bob',
      age: 7,
      settings: { theme: 'dark' },
      badge: '[REDACTED]',
      createdAt: (bob.get('createdAt') as Date).toISOString(),
      updatedAt: (bob.get('updatedAt') as Date).toISOString(),
    });
    assert.deepEqual([record.extra, record.changes, record.message], [{}, undefined, 'CREATE event for User (id: 2)']);
  });

  it('shows old and new values of what an update changed', async () => {
    const { ann } = await newWorld();
    const before = ann.get('updatedAt') as Date;
    await new Promise((done) => setTimeout(done, 2));
    await ann.update({ name: 'Anne', settings: { a: 1 }, badge: 'B-3' });
    const [record] = takeRecords();
    assert.deepEqual(record?.changes, {
      name: ['Ann', 'Anne'],
      settings: [null, { a: 1 }],
      badge: ['[REDACTED]', '[REDACTED]'],
      updatedAt: [before.toISOString(), (ann.get('updatedAt') as Date).toISOString()],
    });
    assert.equal(record.instance_repr['name'], 'Anne');
  });

  it('shows null for an old value that was not loaded', async () => {
    const { User } = await newWorld();
    const part = await User.findOne({ attributes: ['id', 'name'], rejectOnEmpty: true });
    takeRecords();
    await part.update({ age: 31 }, { silent: true });
    assert.deepEqual(takeRecords()[0]?.changes, { age: [null, 31] });
  });

  it('shows an expression as SQL, without its literal values', async () => {
    const { User } = await newWorld();
    await User.create({ name: Sequelize.fn('upper', 'secret'), age: Sequelize.literal('40 + 2') });
    const [record] = takeRecords();
    assert.deepEqual(
      [record?.instance_repr['name'], record?.instance_repr['age']],
      [{ sql: 'upper(?)' }, { sql: '? + ?' }],
    );
  });

  it("doesn't show what was set and not saved", async () => {
    const { ann } = await newWorld();
    ann.set({ name: 'Anne', age: 31 });
    await ann.save({ fields: ['name'] });
    const [record] = takeRecords();
    assert.deepEqual([record?.instance_repr['name'], record?.instance_repr['age']], ['Anne', 30]);
    assert.deepEqual(Object.keys(record?.changes ?? {}).toSorted(), ['name', 'updatedAt']);
  });

  it('shows a deleted row as it was, and what a soft delete saved along with it', async () => {
    const { ann } = await newWorld();
    ann.set('name', 'Gone');
    await ann.destroy();
    const [record] = takeRecords();
    assert.equal(record?.instance_repr['name'], 'Ann');
    assert.deepEqual(record?.changes, { name: ['Ann', 'Gone'] });
  });

  it('tells when a row that was deleted came back', async () => {
    const { ann } = await newWorld();
    await ann.destroy();
    const deletedAt = (ann.get('deletedAt') as Date).toISOString();
    await ann.restore();
    assert.deepEqual(takeRecords()[1]?.changes?.['deletedAt'], [deletedAt, null]);
  });

  it('counts what a bulk operation did, and says where', async () => {
    const { User } = await newWorld();
    await User.bulkCreate([
      { name: 'a', age: 20 },
      { name: 'b', age: 21 },
    ]);
    await User.update({ name: 'old' }, { where: { age: { [Op.gt]: 18 }, email: null as never }, silent: true });
    await User.destroy({
      where: { [Op.or]: [{ name: 'old' }, Sequelize.where(Sequelize.fn('lower', Sequelize.col('e_mail')), 'q')] },
      force: true,
    });
    const [created, updated, deleted] = takeRecords();
    assert.deepEqual(created?.extra, {
      total_count: 2,
      fields: ['id', 'name', 'age', 'createdAt', 'updatedAt'],
      instance_ids: ['2', '3'],
    });
    assert.deepEqual(created.instance_repr, {});
    assert.deepEqual(updated?.extra, {
      total_count: 2,
      fields: ['name'],
      where: { and: [{ deletedAt: { eq: null } }, { age: { gt: 18 }, email: null }] },
    });
    assert.deepEqual(updated.instance_repr, { name: 'old' });
    assert.deepEqual(deleted?.extra, { total_count: 2, where: { or: [{ name: 'old' }, { email: { '=': 'q' } }] } });
  });

  it('lists the ids of at most a thousand rows', async () => {
    const { Tag } = await newWorld();
    await Tag.bulkCreate(Array.from({ length: 1200 }, (_, index) => ({ label: String(index) })));
    await Tag.findAll();
    const { length } = await Tag.findAll({ where: { id: Array.from({ length: 1200 }, (_, index) => index) } });
    const records = takeRecords();
    const { id } = (records.pop()?.extra['where'] ?? {}) as { id?: unknown[] };
    assert.deepEqual([length, id?.length, id?.at(-1)], [1199, 1001, '[Truncated]']);
    for (const { extra } of records) {
      assert.equal((extra['instance_ids'] as string[]).length, 1000);
      assert.equal(extra['truncated'], true);
    }
  });

  it('says by how much a number was raised', async () => {
    const { ann } = await newWorld();
    await ann.decrement({ age: 2 });
    const [record] = takeRecords();
    assert.deepEqual(record?.extra, { fields: ['age', 'updatedAt'], where: { id: 1 }, by: { age: 2 } });
    assert.equal(record.changes, undefined);
    assert.equal('age' in record.instance_repr, false);
  });

  it('says why something failed, without the values that a database quotes', async () => {
    const { User } = await newWorld();
    await User.create({ name: 'Ann 2', email: 'ann@x.org' }).catch(rejection);
    await User.create({ age: -1 }).catch(rejection);
    assert.deepEqual(
      takeRecords().map(({ error_message }) => error_message),
      ['SQLITE_CONSTRAINT: UNIQUE constraint failed: Users.e_mail', 'Validation error: Validation min on age failed'],
    );
  });

  it('shows raw SQL without its literal values', async () => {
    const { sequelize } = await newWorld();
    await sequelize.query('UPDATE Tags SET label = :label WHERE id = 1', {
      replacements: { label: "it's" },
      type: QueryTypes.UPDATE,
    });
    await sequelize.query('SELECT * FROM Tags WHERE label = $1', { bind: ['secret'], type: QueryTypes.SELECT });
    assert.deepEqual(
      takeRecords().map(({ extra }) => extra),
      [
        { sql: 'UPDATE Tags SET label = ? WHERE id = ?', operation: 'UPDATE', affected: 1 },
        { sql: 'SELECT * FROM Tags WHERE label = $1', operation: 'SELECT', total_count: 0 },
      ],
    );
  });

  it('records SQL that a hook of the application runs within a statement', async () => {
    const { sequelize, ann } = await newWorld();
    sequelize.addHook('beforeQuery', async (options) => {
      if ((options as { type?: string }).type === 'UPDATE')
        await sequelize.query("INSERT INTO Tags (label) VALUES ('log')");
    });
    await ann.update({ name: 'Anne' });
    assert.deepEqual(takeRecords().map(summary), ['SQL Tags', 'UPDATE User 1']);
  });

  it('records a change once, also where a new connection asks for the version of the database first', async (t) => {
    const { sequelize, User } = await newWorld();
    const version = 'SELECT sqlite_version() AS version';
    beforeConnecting(t, sequelize, () => sequelize.query(version, { type: 'VERSION' as QueryTypes.SELECT }));
    await User.upsert({ id: 1, name: 'Anne' });
    assert.deepEqual(takeRecords().map(summary), ['UPSERT User 1']);
  });

  it('tells a change from what another database is asked before it connects', async (t) => {
    const [{ sequelize, Tag }, other] = [await newWorld(), await newWorld()];
    beforeConnecting(t, sequelize, () => other.sequelize.query('SELECT * FROM Users'));
    await Tag.update({ label: 'x' }, { where: { id: 1 } });
    assert.deepEqual(takeRecords().map(summary), ['READ', 'BULK_UPDATE Tag']);
  });

  it('records a change that was made although a hook of the application failed after it', async () => {
    const { sequelize, User } = await newWorld();
    sequelize.addHook('afterQuery', 'fails', () => Promise.reject(new Error('no')));
    await assert.rejects(User.create({ name: 'Bob' }), { message: 'no' });
    await assert.rejects(sequelize.query("INSERT INTO Tags (label) VALUES ('x')"), { message: 'no' });
    sequelize.removeHook('afterQuery', 'fails');
    assert.deepEqual(takeRecords().map(summary), ['CREATE User 2', 'SQL Tags']);
    assert.equal(await User.count(), 2);
  });

  it('names who did it, also where a pooled connection or a hook is in between', async () => {
    const { User } = await newWorld();
    await withActor({ id: 7, email: 'u@x.org' }, () =>
      runInWork({ requestId: 'r-1' }, () => withActor(8, () => User.create({ name: 'Bob' }))),
    );
    const [record] = takeRecords();
    assert.deepEqual([record?.actor_id, record?.request_id], ['8', 'r-1']);
  });

  it('fails a save that lost against another as an optimistic lock', async () => {
    const sequelize = newDatabase();
    auditSequelize(sequelize);
    const Doc = sequelize.define('Doc', { text: DataTypes.STRING }, { version: true });
    await sequelize.sync();
    const doc = await Doc.create({ text: 'a' });
    const other = await Doc.findByPk(1, { rejectOnEmpty: true });
    await other.update({ text: 'b' });
    takeRecords();
    await assert.rejects(doc.update({ text: 'c' }), { name: 'SequelizeOptimisticLockError' });
    assert.deepEqual(takeRecords().map(summary), ['UPDATE Doc 1 failure']);
  });
});

describe('an application under audit', () => {
  for (const [name, [run]] of Object.entries(OPERATIONS)) {
    it(`sees the same results, SQL and hooks for ${name}`, async () => {
      const [audited, bare] = [await watched(run, auditSequelize), await watched(run, () => {})];
      assert.deepEqual(audited, bare);
    });
  }

  it('gets its row when redaction throws', async () => {
    const redactor = { ...createRedactor(), object: () => assert.fail('a bug') };
    const { User } = await newWorld((sequelize) => void auditSequelize(sequelize, { redactor }));
    assert.equal((await User.create({ name: 'Bob' })).get('id'), 2);
    assert.deepEqual(takeRecords(), []);
  });

  it('finds no new keys on what it looks at', async () => {
    const sequelize = newDatabase();
    const keys = (): string[][] => [
      Object.keys(sequelize),
      Object.keys(sequelize.getQueryInterface()),
      Object.keys((sequelize as unknown as { options: object }).options),
    ];
    const before = keys();
    auditSequelize(sequelize);
    assert.deepEqual(keys(), before);
  });
});

describe('auditSequelize', () => {
  it('records each change once, however often it is called', async () => {
    const { sequelize, User } = await newWorld();
    auditSequelize(sequelize);
    auditSequelize(sequelize);
    await User.create({ name: 'Bob' });
    await sequelize.query("UPDATE Tags SET label = 'x'");
    assert.deepEqual(takeRecords().map(summary), ['CREATE User 2', 'SQL Tags']);
  });

  it('leaves reads out when asked to', async () => {
    const { sequelize, User } = await newWorld((one) => void auditSequelize(one, { reads: false }));
    await User.findAll();
    await User.max('age');
    await sequelize.query('SELECT * FROM Tags');
    await User.create({ name: 'Bob' });
    assert.deepEqual(takeRecords().map(summary), ['CREATE User 2']);
  });

  it('learns the sensitive attributes of models that were defined before', async () => {
    const { sequelize, User } = await newWorld(() => {});
    auditSequelize(sequelize);
    await User.findByPk(1);
    assert.equal(takeRecords()[0]?.instance_repr['badge'], '[REDACTED]');
  });

  it('rejects what is no Sequelize 6', () => {
    assert.throws(() => auditSequelize(new Date()), {
      name: 'TypeError',
      message: /expected an instance of Sequelize 6, got an instance of Date/,
    });
  });
});

describe('SequelizeInstrumentation', () => {
  const require = createRequire(import.meta.url);

  /** A table in a database of a copy of Sequelize that is loaded now. */
  async function newUsers(): Promise<{ sequelize: Sequelize; User: ModelStatic<Model> }> {
    const file = require.resolve('sequelize/lib/sequelize');
    const { [file]: cached } = require.cache;
    delete require.cache[file];
    const Copy = require(file) as typeof Sequelize;
    require.cache[file] = cached;
    const sequelize = new Copy({ dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false });
    const User = sequelize.define('User', { name: DataTypes.STRING });
    await sequelize.sync();
    return { sequelize, User };
  }

  it('stops recording when it is disabled, and goes on when it is enabled', async () => {
    const instrumentation = new SequelizeInstrumentation();
    instrumentation.setLoggerProvider(provider);
    const { User } = await newUsers();
    await User.create({ name: 'a' });
    instrumentation.disable();
    await User.create({ name: 'b' });
    instrumentation.enable();
    await User.create({ name: 'c' });
    assert.deepEqual(takeRecords().map(summary), ['CREATE User 1', 'CREATE User 3']);
    instrumentation.disable();
  });

  it('hands an instance over to the next one when it is disabled', async () => {
    const first = new SequelizeInstrumentation();
    const { sequelize, User } = await newUsers();
    auditSequelize(sequelize);
    first.disable();
    await User.create({ name: 'lost' });
    auditSequelize(sequelize);
    await User.create({ name: 'told' });
    assert.deepEqual(takeRecords().map(summary), ['CREATE User 2']);
  });

  it('records nothing when its configuration disables it, also where an SDK enables it', async () => {
    const instrumentation = new SequelizeInstrumentation({ enabled: false });
    instrumentation.enable();
    const { User } = await newUsers();
    await User.create({ name: 'a' });
    assert.deepEqual(takeRecords(), []);
  });
});

/** Runs `fn` whenever a query asks for a connection, but for those that `fn` itself sends. */
function beforeConnecting(t: TestContext, sequelize: Sequelize, fn: () => Promise<unknown>): void {
  const { connectionManager: manager } = sequelize as unknown as {
    connectionManager: { getConnection(options: object): Promise<unknown> };
  };
  const getConnection = manager.getConnection.bind(manager);
  let isBusy = false;
  t.mock.method(manager, 'getConnection', async (options: object) => {
    if (!isBusy) {
      isBusy = true;
      await fn();
      isBusy = false;
    }
    return getConnection(options);
  });
}

/** All that an application can see of an operation, without times and ids that differ from run to run. */
async function watched(
  run: (world: World) => Promise<unknown>,
  prepare: (sequelize: Sequelize) => void,
): Promise<unknown> {
  const seen: string[] = [];
  const world = await newWorld(prepare, { logging: (sql: string) => seen.push(sql) });
  for (const hook of HOOKS) world.sequelize.addHook(hook as 'afterQuery', () => void seen.push(hook));
  seen.length = 0;
  const result = await run(world).catch((error: Error) => [error.name, error.message]);
  const text = JSON.stringify([seen, result ?? null, await world.User.findAll({ paranoid: false, raw: true })]);
  return JSON.parse(
    text.replaceAll(/\d{4}-\d\d-\d\d[ T][\d:.]+(?:Z| \+00:00)/g, 'time').replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, 'uuid'),
  );
}

const HOOKS = [
  'beforeValidate',
  'afterValidate',
  'validationFailed',
  'beforeCreate',
  'afterCreate',
  'beforeUpdate',
  'afterUpdate',
  'beforeDestroy',
  'afterDestroy',
  'beforeRestore',
  'afterRestore',
  'beforeUpsert',
  'afterUpsert',
  'beforeBulkCreate',
  'afterBulkCreate',
  'beforeBulkUpdate',
  'afterBulkUpdate',
  'beforeBulkDestroy',
  'afterBulkDestroy',
  'beforeBulkRestore',
  'afterBulkRestore',
  'beforeFind',
  'afterFind',
  'beforeCount',
  'beforeQuery',
  'afterQuery',
] as const;
