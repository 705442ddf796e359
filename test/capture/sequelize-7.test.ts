import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { DataTypes, type ModelStatic, Op, type Sequelize, TransactionNestMode, sql } from '@sequelize/core';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { sequelize7 } from '../support/sequelize-7.ts';
import { newDatabase as newDatabase6, summary, takeRecords } from '../support/sequelize-records.ts';
import { inMemory } from '../support/sqlite.ts';

const { options: IN_MEMORY } = await inMemory();
const newDatabase = (): Sequelize => sequelize7.create(IN_MEMORY) as never;
const told = (): string[] => takeRecords().map(summary);

const DESTROY_MANY = '_UNSTABLE_destroyMany';

const FAIL = new Error('the application changes its mind');
const roll = (error: unknown): void => assert.equal(error, FAIL);

/** What only Sequelize 7 has; what both majors have is tested with each database. */
describe('Sequelize 7', () => {
  /** Each is said once a process. */
  const warnings: unknown[] = [];
  process.on('warning', (warning) => warnings.push(warning.message));
  let sequelize: Sequelize;
  let User: ModelStatic;

  beforeEach(async () => {
    sequelize = auditSequelize(newDatabase());
    User = sequelize.define(
      'User',
      {
        name: { type: DataTypes.STRING, validate: { len: [1, 10] } },
        badge: { type: DataTypes.STRING, columnName: 'badge_no', sensitive: true } as never,
      },
      { timestamps: false },
    );
    await sequelize.sync();
    takeRecords();
  });

  afterEach(() => sequelize.close());

  it('shows a row that an instance destroys as it was', async () => {
    const ann = await User.create({ name: 'Ann', badge: 'B-1' });
    takeRecords();
    ann.set('name', 'Anne');
    await ann.destroy();
    const [record] = takeRecords();
    assert.deepEqual(
      [record?.event_type, record?.instance_id, record?.instance_repr],
      ['DELETE', '1', { id: 1, name: 'Ann', badge: '[REDACTED]' }],
    );
  });

  it('tells of what a condition deletes, also within a hook of an instance that is destroyed', async () => {
    const [ann] = await User.bulkCreate([{ name: 'Ann' }, { name: 'Bob' }, { name: 'Cid' }]);
    takeRecords();
    User.hooks.addListener('beforeDestroy', async (_user, { transaction }) => {
      await User.destroy({ where: { name: 'Bob' }, hooks: false, transaction: transaction ?? null });
    });
    await ann?.destroy();
    await sequelize.queryInterface.bulkDelete('Users', { where: { id: 3 } });
    const records = takeRecords();
    assert.deepEqual(records.map(summary), ['BULK_DELETE User', 'DELETE User 1', 'BULK_DELETE User']);
    assert.deepEqual(records[2]?.extra, { total_count: 1, where: { id: 3 } });
  });

  it('tells once of all instances that are destroyed together', async () => {
    const users = await User.bulkCreate([{ name: 'Ann' }, { name: 'Bob' }]);
    takeRecords();
    await User[DESTROY_MANY](users);
    const [record, ...others] = takeRecords();
    assert.deepEqual([record?.event_type, record?.extra['total_count'], others], ['BULK_DELETE', 2, []]);
  });

  it('tells once of a table that is emptied, with what counts its keys', async () => {
    await User.truncate({ restartIdentity: true });
    assert.deepEqual(told(), ['TRUNCATE User']);
  });

  it('knows attributes that an association has given a model', async () => {
    const Team = sequelize.define('Team', {}, { timestamps: false });
    Team.hasMany(User, { foreignKey: { name: 'teamId', columnName: 'team_id' } });
    await sequelize.sync({ force: true });
    await Team.create();
    takeRecords();
    const ann = await User.create({ name: 'Ann', teamId: 1 });
    await ann.update({ teamId: null });
    const [created, updated] = takeRecords();
    assert.equal(created?.instance_repr['teamId'], 1);
    assert.deepEqual(updated?.changes, { teamId: [1, null] });
  });

  it('shows expressions and conditions without their literal values, by attribute', async () => {
    await User.create({ name: sql`upper(${'a'})` });
    await User.update({ name: sql`upper(${'secret'})` }, { where: {} });
    const wheres = [
      sql`name = ${'secret'}`,
      sql`name IN ${sql.list(['a', 'b'])}`,
      sql.where(sql.fn('lower', sql.col('User.badge_no')), Op.eq, 'secret'),
      sql.where(sql.cast(sql.attribute('badge'), 'text'), 'secret'),
      sql.where({ name: 'Ann' }),
      { [Op.or]: [{ badge: 'secret' }, { name: sql.cast(sql.attribute('name'), DataTypes.TEXT) }] },
    ];
    for (const where of wheres) {
      // Each is a find of its own.
      // oxlint-disable-next-line no-await-in-loop
      await User.findAll({ where: where as never });
    }
    const [created, updated, ...found] = takeRecords();
    assert.equal(created?.instance_repr['name'], 'A');
    assert.deepEqual(updated?.instance_repr, { name: { sql: 'upper(?)' } });
    assert.deepEqual(
      found.map(({ extra }) => extra['where']),
      [
        { sql: 'name = ?' },
        { sql: 'name IN (?, ?)' },
        { badge: '[REDACTED]' },
        { badge: '[REDACTED]' },
        { name: 'Ann' },
        { or: [{ badge: '[REDACTED]' }, { name: { sql: 'CAST(name AS TEXT)' } }] },
      ],
    );
  });

  it('tells of changes in the transaction of a callback that no option names, once it has committed', async () => {
    await sequelize.transaction(async (transaction) => {
      await User.create({ name: 'a' });
      await sequelize.query("UPDATE Users SET name = 'b'");
      assert.deepEqual(told(), []);
      transaction.afterCommit(() => assert.deepEqual(told(), ['CREATE User 1', 'SQL Users']));
    });
    await sequelize
      .transaction(async () => {
        await User.create({ name: 'undone' });
        throw FAIL;
      })
      .catch(roll);
    assert.deepEqual(told(), []);
  });

  it('tells of nothing that a savepoint undid, and of what a reused transaction kept', async () => {
    await sequelize.transaction(async () => {
      await User.create({ name: 'outer' });
      await sequelize
        .transaction({ nestMode: TransactionNestMode.savepoint }, async () => {
          await User.create({ name: 'undone' });
          throw FAIL;
        })
        .catch(roll);
      await sequelize.transaction(() => User.create({ name: 'inner' }));
    });
    assert.deepEqual(
      takeRecords().map(({ instance_repr }) => instance_repr['name']),
      ['outer', 'inner'],
    );
  });

  it('tells of an unmanaged transaction when it ends', async () => {
    const transaction = await sequelize.startUnmanagedTransaction();
    await User.create({ name: 'a' }, { transaction });
    assert.deepEqual(told(), []);
    await transaction.commit();
    assert.deepEqual(told(), ['CREATE User 1']);
  });

  it('tells as unknown what a COMMIT that failed may have done', async () => {
    await sequelize.query('CREATE TABLE Notes (user INTEGER REFERENCES Users (id) DEFERRABLE INITIALLY DEFERRED)');
    const transaction = await sequelize.startUnmanagedTransaction();
    await User.create({ name: 'a' }, { transaction });
    await sequelize.query('INSERT INTO Notes VALUES (99)', { transaction });
    await assert.rejects(transaction.commit());
    assert.deepEqual(told(), ['CREATE User 1 unknown', 'SQL Notes unknown']);
  });

  it('says why a change failed, without the values that a database quotes', async () => {
    await User.create({ id: 1 });
    await assert.rejects(User.create({ id: 1 }));
    await assert.rejects(User.create({ name: 'far too long a name' }));
    await assert.rejects(sequelize.query("INSERT INTO Users (id) VALUES ('x')"));
    assert.deepEqual(
      takeRecords().map((record) => [summary(record), record.error_message]),
      [
        ['CREATE User 1', undefined],
        ['CREATE User 1 failure', 'SQLITE_CONSTRAINT: UNIQUE constraint failed: Users.id'],
        ['CREATE User failure', 'Validation error: Validation len on name failed'],
        ['SQL Users failure', 'SQLITE_MISMATCH: datatype mismatch'],
      ],
    );
  });

  it('knows the transaction of a change that is never sent', async () => {
    await sequelize.transaction(async ({ id }) => {
      await assert.rejects(sequelize.queryInterface.bulkDelete('Users', { where: 'no condition' as never }));
      const [record] = takeRecords();
      assert.deepEqual([record?.outcome, record?.transaction_id], ['failure', id]);
    });
  });

  it('leaves the listeners of an application alone, and goes on when it has removed them all', async () => {
    assert.equal(sequelize.hooks.getListenerCount('beforeQuery'), 0);
    sequelize.hooks.removeAllListeners();
    await User.create({ name: 'a' });
    await sequelize.query("UPDATE Users SET name = 'b'");
    assert.deepEqual(told(), ['CREATE User 1', 'SQL Users']);
  });

  it('takes from a model whether it is recorded, and what of it', async () => {
    const Session = sequelize.define('Session', {}, { audit: false } as object);
    const Article = sequelize.define('Article', { title: DataTypes.STRING, text: DataTypes.TEXT }, {
      timestamps: false,
      audit: { exclude: ['text'] },
    } as object);
    await sequelize.sync();
    await Session.create();
    await Article.create({ title: 'one', text: 'long' });
    assert.deepEqual(
      takeRecords().map(({ instance_repr }) => instance_repr),
      [{ id: 1, title: 'one' }],
    );
  });

  it('stands beside Sequelize 6: each has its own changes, in its own transactions', async () => {
    const other = auditSequelize(newDatabase6());
    const Note = other.define('Note', { text: 'VARCHAR(255)' }, { timestamps: false });
    await other.sync();
    takeRecords();
    User.hooks.addListener('beforeCreate', async () => void (await Note.create({ text: 'within a hook' })));
    Note.addHook('beforeUpdate', async () => void (await User.update({ name: 'x' }, { where: {} })));
    await other.transaction(async (transaction) => {
      const note = await Note.create({ text: 'a' }, { transaction });
      await sequelize.transaction(() => User.create({ name: 'a' }));
      assert.deepEqual(told(), ['CREATE Note 2', 'CREATE User 1']);
      await note.update({ text: 'b' }, { transaction });
      assert.deepEqual(told(), ['BULK_UPDATE User']);
    });
    assert.deepEqual(told(), ['CREATE Note 1', 'UPDATE Note 1']);
    await other.close();
  });

  it('is never used in a way that it warns of', async () => {
    await new Promise(setImmediate);
    assert.deepEqual(warnings, []);
  });
});
