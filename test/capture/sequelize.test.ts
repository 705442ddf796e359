import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { type TestContext, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { DataTypes, type InitOptions, Model, type ModelStatic, Op, QueryTypes, Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { type SequelizeInstrumentationConfig, auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { SequelizeInstrumentation } from '../../src/capture/sequelize.ts';
import { withActor } from '../../src/context/actor.ts';
import { runInWork } from '../../src/context/work.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { type World, newWorld as worldOf } from '../support/sequelize-operations.ts';
import { newDatabase, provider, summary, takeRecords } from '../support/sequelize-records.ts';

const newWorld = async (prepare: (sequelize: Sequelize) => void = auditSequelize, options = {}): Promise<World> => {
  const sequelize = newDatabase(options);
  prepare(sequelize);
  return worldOf(sequelize);
};

const rejection = (error: unknown): unknown => error;

describe('the records of Sequelize', () => {
  beforeEach(() => void takeRecords());

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
    await isPast(before);
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

  it('shows where JSON has changed, redacted', async () => {
    const { User } = await newWorld();
    const settings = { theme: 'dark', login: { password: 'old', tries: 1 }, tags: ['a'], gone: true };
    const bob = await User.create({ name: 'Bob', settings });
    takeRecords();
    await bob.update({ settings: { ...settings, login: { password: 'new', tries: 2 }, tags: ['b'], gone: undefined } });
    await bob.update({ settings: null });
    await bob.update({ settings: { '4111111111111111': 1 } });
    await bob.update({ settings: { '4111111111111111': 2 } });
    const [nested, ...whole] = takeRecords().map(({ changes = {} }) => {
      const { updatedAt: _, ...others } = changes;
      return others;
    });
    assert.deepEqual(nested, {
      'settings.login.password': ['[REDACTED]', '[REDACTED]'],
      'settings.login.tries': [1, 2],
      'settings.tags': [['a'], ['b']],
      'settings.gone': [true, null],
    });
    assert.deepEqual(whole.at(-1), { settings: [{ '[REDACTED]': 1 }, { '[REDACTED]': 2 }] });
    assert.deepEqual(Object.keys(whole[0] ?? {}), ['settings']);
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
    await isPast(ann.get('updatedAt') as Date);
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

  it('says by how much a number was raised or lowered', async () => {
    const { ann } = await newWorld();
    await ann.decrement({ age: 2 });
    const [record] = takeRecords();
    assert.deepEqual(record?.extra, { fields: ['age', 'updatedAt'], where: { id: 1 }, by: { age: -2 } });
    assert.equal(record.changes, undefined);
    assert.equal('age' in record.instance_repr, false);
  });

  it('tells a decrement from an increment', async () => {
    const { User, ann } = await newWorld();
    await ann.decrement('age', { by: 2 });
    await User.decrement({ age: 3 }, { where: { id: 1 } });
    await User.decrement('age', { by: Sequelize.literal('1 + 1') as unknown as number, where: { id: 1 } });
    assert.deepEqual(
      takeRecords().map(({ extra }) => extra['by']),
      [{ age: -2 }, { age: -3 }, { age: { sql: '-(? + ?)' } }],
    );
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

  it('fails each of two queries that have one options object', async () => {
    const { sequelize } = await newWorld();
    const options = { type: QueryTypes.INSERT };
    for (const id of [1, 2]) await sequelize.query(`INSERT INTO Tags (id) VALUES (${id})`, options).catch(rejection);
    assert.deepEqual(takeRecords().map(summary), ['SQL Tags failure', 'SQL Tags failure']);
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

describe('what is recorded of a model', () => {
  const world = (config: SequelizeInstrumentationConfig): Promise<World> =>
    newWorld((sequelize) => auditSequelize(sequelize, config));

  it('is nothing where it is left out, by its name and by that of its table', async () => {
    const { User, Tag, sequelize } = await world({ models: { Tag: false } });
    await Tag.create({ label: 'x' });
    await Tag.findAll();
    await Tag.create({ id: 1 }).catch(rejection);
    await sequelize.query("UPDATE Tags SET label = 'y'");
    await User.findByPk(1);
    assert.deepEqual(takeRecords().map(summary), ['READ User 1']);
  });

  it('is no look at it, or a look at it alone', async () => {
    const without = await world({ models: { User: { reads: false } } });
    await without.User.findByPk(1);
    await without.Tag.findByPk(1);
    assert.deepEqual(takeRecords().map(summary), ['READ Tag 1']);
    const alone = await world({ reads: false, models: { User: { reads: true } } });
    await alone.User.findByPk(1);
    await alone.Tag.findByPk(1);
    assert.deepEqual(takeRecords().map(summary), ['READ User 1']);
  });

  it('is no look at it either where it comes along with another', async () => {
    const included = async (config: SequelizeInstrumentationConfig): Promise<unknown> => {
      const { User, ann } = await world(config);
      await (ann as unknown as { createPost(values: object): Promise<unknown> }).createPost({ title: 'p' });
      takeRecords();
      await User.findByPk(1, { include: ['Posts'] });
      return takeRecords()[0]?.extra['included'];
    };
    assert.deepEqual(await included({}), [{ model: 'Post', instance_ids: ['1'] }]);
    assert.equal(await included({ models: { Post: false } }), undefined);
    assert.equal(await included({ models: { Post: { reads: false } } }), undefined);
    assert.equal(await included({ reads: false, models: { User: { reads: true } } }), undefined);
  });

  it('has no attribute that is left out, and no value of one that is sensitive', async () => {
    const { User } = await world({ models: { User: { exclude: ['settings', 'age'], sensitive: ['email'] } } });
    const bob = await User.create({ name: 'Bob', age: 7, email: 'bob@x.org', settings: { a: 1 } });
    await bob.update({ age: 8, email: 'b@x.org', name: 'Rob' });
    const [created, updated] = takeRecords();
    assert.equal(created?.instance_repr['email'], '[REDACTED]');
    assert.equal('settings' in created.instance_repr, false);
    assert.equal('age' in created.instance_repr, false);
    assert.deepEqual(updated?.changes?.['email'], ['[REDACTED]', '[REDACTED]']);
    assert.deepEqual(updated.changes?.['name'], ['Bob', 'Rob']);
    assert.equal('age' in updated.changes, false);
  });

  it('can be said by the model, and the options win', async () => {
    const sequelize = auditSequelize(newDatabase(), { models: { Said: { reads: false } } });
    const options = { timestamps: false, audit: false };
    const Silent = sequelize.define('Silent', {}, options);
    const Said = sequelize.define('Said', {}, options);
    class Initialized extends Model {}
    Initialized.init({}, { sequelize, timestamps: false, audit: { reads: false } } as InitOptions);
    await sequelize.sync();
    for (const one of [Silent, Said, Initialized]) {
      await one.create({});
      await one.findAll();
    }
    assert.deepEqual(takeRecords().map(summary), ['CREATE Said 1', 'CREATE Initialized 1']);
  });
});

describe('an application under audit', () => {
  it('gets its row when redaction throws', async () => {
    const redactor = { ...createRedactor(), objectText: () => assert.fail('a bug') };
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

  it('shows no value of an attribute whose column has the name of a secret', async () => {
    const sequelize = auditSequelize(newDatabase());
    const Login = sequelize.define(
      'Login',
      { pw: { type: DataTypes.STRING, field: 'password' } },
      { timestamps: false },
    );
    await sequelize.sync();
    const login = await Login.create({ pw: 'hunter2' });
    await login.update({ pw: 'hunter3' });
    await Login.findAll({ where: { pw: 'hunter3' } });
    assert.doesNotMatch(JSON.stringify(takeRecords()), /hunter/);
  });

  it('learns the sensitive attributes of models that were defined before', async () => {
    const { sequelize, User } = await newWorld(() => {});
    auditSequelize(sequelize);
    await User.findByPk(1);
    assert.equal(takeRecords()[0]?.instance_repr['badge'], '[REDACTED]');
  });

  it('rejects what is no Sequelize', () => {
    assert.throws(() => auditSequelize(new Date()), {
      name: 'TypeError',
      message: /expected an instance of Sequelize 6 or 7, got an instance of Date/,
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

  it('tells what was under way when it is disabled, and nothing that begins later, in the same transaction', async () => {
    const instrumentation = new SequelizeInstrumentation();
    instrumentation.setLoggerProvider(provider);
    const { sequelize, User } = await newUsers();
    takeRecords();
    const transaction = await sequelize.transaction();
    const begun = User.create({ name: 'in flight' }, { transaction });
    sequelize.addHook('beforeQuery', 'disabling', () => instrumentation.disable());
    await begun;
    sequelize.removeHook('beforeQuery', 'disabling');
    const later = await User.create({ name: 'later' }, { transaction });
    await later.update({ name: 'even later' }, { transaction });
    await sequelize.query("UPDATE Users SET name = 'raw'", { transaction });
    await transaction.commit();
    assert.deepEqual(takeRecords().map(summary), ['CREATE User 1']);
    assert.deepEqual(
      (await User.findAll()).map((user) => user.get('name')),
      ['raw', 'raw'],
    );
    await assert.rejects(User.build({ id: 1 } as never, { isNewRecord: true }).save());
    assert.deepEqual(takeRecords(), []);
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

/** A row that is saved twice in one millisecond keeps its `updatedAt`. */
async function isPast(time: Date): Promise<void> {
  while (Date.now() <= time.getTime()) await setImmediate();
}

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
