import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { DataTypes, type Model, type ModelStatic, Sequelize, type Transaction } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { placeIn } from '../../src/capture/sequelize-journal.ts';
import type { TransactionShape } from '../../src/capture/sequelize-shape.ts';
import { newNamespace } from '../support/cls-namespace.ts';
import { newDatabase, summary, takeRecords } from '../support/sequelize-records.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let sequelize: Sequelize;
let User: ModelStatic<Model>;

const told = (): string[] => takeRecords().map(summary);
const names = async (): Promise<unknown[]> => (await User.findAll({ order: ['id'] })).map((user) => user.get('name'));

const FAIL = new Error('the application changes its mind');
const roll = (error: unknown): void => assert.equal(error, FAIL);

async function createOuterAndUndoneInner(transaction: Transaction): Promise<void> {
  await User.create({ name: 'outer' }, { transaction });
  await sequelize
    .transaction({ transaction }, async (inner) => {
      await User.create({ name: 'inner' }, { transaction: inner });
      throw FAIL;
    })
    .catch(roll);
}

describe('changes in a transaction', () => {
  beforeEach(async () => {
    sequelize = auditSequelize(newDatabase(), { reads: false });
    User = sequelize.define('User', { name: { type: DataTypes.STRING, unique: true } }, { timestamps: false });
    await sequelize.sync();
    takeRecords();
  });

  it('are told in their order, once it has committed and before the application knows', async () => {
    await sequelize.transaction(async (transaction) => {
      const user = await User.create({ name: 'a' }, { transaction });
      await user.update({ name: 'b' }, { transaction });
      await sequelize.query("UPDATE Users SET name = 'c'", { transaction });
      await User.increment('id', { by: 10, where: { id: 1 }, transaction });
      assert.deepEqual(told(), []);
      transaction.afterCommit(() =>
        assert.deepEqual(told(), ['CREATE User 1', 'UPDATE User 1', 'SQL Users', 'BULK_UPDATE User']),
      );
    });
    assert.deepEqual(told(), []);
    assert.deepEqual(await names(), ['c']);
  });

  it('have its id, and the time at which each was made', async () => {
    let time = 0;
    const timed = auditSequelize(newDatabase(), { reads: false, now: () => (time += 1000) });
    const Tag = timed.define('Tag', {}, { timestamps: false });
    await timed.sync();
    const transaction = await timed.transaction();
    await Tag.create({}, { transaction });
    await Tag.create({}, { transaction });
    await transaction.commit();
    const { id } = transaction as unknown as { id: string };
    assert.deepEqual(
      takeRecords().map(({ transaction_id, timestamp }) => [transaction_id, timestamp]),
      [
        [id, '1970-01-01 00:00:01.000'],
        [id, '1970-01-01 00:00:02.000'],
      ],
    );
  });

  it('are not told when it is rolled back', async () => {
    await sequelize
      .transaction(async (transaction) => {
        await User.create({ name: 'a' }, { transaction });
        throw FAIL;
      })
      .catch(roll);
    assert.deepEqual([told(), await names()], [[], []]);
  });

  it('are not told while it is open', async () => {
    const transaction = await sequelize.transaction();
    await User.create({ name: 'a' }, { transaction });
    await sleep(10);
    assert.deepEqual(told(), []);
    await transaction.commit();
    assert.deepEqual(told(), ['CREATE User 1']);
  });

  it('are told without those of a savepoint that was rolled back', async () => {
    await sequelize.transaction(async (transaction) => {
      await createOuterAndUndoneInner(transaction);
      await User.create({ name: 'after' }, { transaction });
    });
    assert.deepEqual(
      [told(), await names()],
      [
        ['CREATE User 1', 'CREATE User 2'],
        ['outer', 'after'],
      ],
    );
  });

  it('are undone by a savepoint also where the outer transaction made them', async () => {
    await sequelize.transaction(async (transaction) => {
      const inner = await sequelize.transaction({ transaction });
      await User.create({ name: 'made by the outer one' }, { transaction });
      await inner.rollback();
    });
    assert.deepEqual([told(), await names()], [[], []]);
  });

  it('follow the database where Sequelize names two savepoints alike', async () => {
    await sequelize.transaction(async (transaction) => {
      const outer = await sequelize.transaction({ transaction });
      await User.create({ name: 'stays, as both are named -sp-1' }, { transaction: outer });
      const inner = await sequelize.transaction({ transaction: outer });
      await User.create({ name: 'goes' }, { transaction: inner });
      await outer.rollback();
    });
    assert.deepEqual([told().length, await names()], [1, ['stays, as both are named -sp-1']]);
  });

  it('are not told when the savepoint was kept and the outer transaction rolled back', async () => {
    await sequelize
      .transaction(async (transaction) => {
        await sequelize.transaction({ transaction }, (inner) => User.create({ name: 'inner' }, { transaction: inner }));
        throw FAIL;
      })
      .catch(roll);
    assert.deepEqual([told(), await names()], [[], []]);
  });

  it('wait in a savepoint for the outermost commit', async () => {
    await sequelize.transaction(async (transaction) => {
      await sequelize.transaction({ transaction }, (inner) => User.create({ name: 'inner' }, { transaction: inner }));
      assert.deepEqual(told(), []);
    });
    assert.deepEqual(told(), ['CREATE User 1']);
  });

  it('are told at once when the database rejects them', async () => {
    await sequelize.transaction(async (transaction) => {
      await User.create({ name: 'a' }, { transaction });
      await assert.rejects(User.create({ name: 'a' }, { transaction }));
      assert.deepEqual(told(), ['CREATE User failure']);
    });
    assert.deepEqual(told(), ['CREATE User 1']);
  });

  it('are told as unknown when COMMIT fails', async (t) => {
    t.mock.method(console, 'warn', () => {});
    await sequelize.query('CREATE TABLE Notes (user INTEGER REFERENCES Users (id) DEFERRABLE INITIALLY DEFERRED)');
    const transaction = await sequelize.transaction();
    await User.create({ name: 'a' }, { transaction });
    await sequelize.query('INSERT INTO Notes VALUES (99)', { transaction });
    await assert.rejects(transaction.commit());
    assert.deepEqual(
      takeRecords().map(({ outcome, error_message }) => [outcome, error_message]),
      [
        ['unknown', 'SQLITE_CONSTRAINT: FOREIGN KEY constraint failed'],
        ['unknown', 'SQLITE_CONSTRAINT: FOREIGN KEY constraint failed'],
      ],
    );
  });

  it('are not told when PostgreSQL answers COMMIT with ROLLBACK, and the application sees no other answer', async (t) => {
    const transaction = await sequelize.transaction();
    await User.create({ name: 'a' }, { transaction });
    const { dialect } = sequelize as unknown as { dialect: { Query: { prototype: { isRawQuery(): boolean } } } };
    t.mock.method(dialect.Query.prototype as never, 'run', async function run(this: { isRawQuery(): boolean }) {
      return this.isRawQuery() ? [['rows'], { command: 'ROLLBACK' }] : ['rows'];
    } as never);
    (sequelize as unknown as { options: { dialect: string } }).options.dialect = 'postgres';
    const commit = sequelize.getQueryInterface() as unknown as {
      commitTransaction(...args: object[]): Promise<unknown>;
    };
    const { options } = transaction as unknown as { options: object };
    assert.deepEqual(await commit.commitTransaction(transaction, options), ['rows']);
    assert.deepEqual(told(), []);
  });

  it('are undone by a savepoint that the application set in SQL', async () => {
    await sequelize.transaction(async (transaction) => {
      await User.create({ name: 'stays' }, { transaction });
      await sequelize.query('SAVEPOINT mine', { transaction });
      await User.create({ name: 'goes' }, { transaction });
      await sequelize.query('ROLLBACK TO mine', { transaction });
      await User.create({ name: 'comes' }, { transaction });
    });
    assert.deepEqual([told().length, await names()], [2, ['stays', 'comes']]);
  });

  it('are told when the application commits in SQL, whatever Sequelize does then', async (t) => {
    t.mock.method(console, 'warn', () => {});
    const transaction = await sequelize.transaction();
    await User.create({ name: 'a' }, { transaction });
    await sequelize.query('COMMIT', { transaction });
    assert.deepEqual(told(), ['CREATE User 1']);
    await assert.rejects(transaction.commit());
    assert.deepEqual(told(), []);
  });

  it('are not told when the application rolls back in SQL, and what follows is told at once', async () => {
    const transaction = await sequelize.transaction();
    await User.create({ name: 'goes' }, { transaction });
    await sequelize.query('ROLLBACK', { transaction });
    await User.create({ name: 'stays' }, { transaction });
    assert.deepEqual([told().length, (await User.findAll({ transaction })).length], [1, 1]);
  });

  it('are told when the application commits what it began in SQL, and not when it rolls that back', async () => {
    await sequelize.query('BEGIN');
    await User.create({ name: 'goes' });
    await sequelize.query('ROLLBACK');
    assert.deepEqual(told(), []);
    await sequelize.query('/* mine */ BEGIN IMMEDIATE TRANSACTION;');
    await User.create({ name: 'stays' });
    await sequelize.query("UPDATE Users SET name = 'still stays'");
    assert.deepEqual(told(), []);
    await sequelize.query('COMMIT');
    const records = takeRecords();
    assert.deepEqual([records.map(summary), await names()], [['CREATE User 1', 'SQL Users'], ['still stays']]);
    assert.equal(new Set(records.map(({ transaction_id }) => transaction_id)).size, 1);
    await User.create({ name: 'alone' });
    assert.equal(takeRecords()[0]?.transaction_id, undefined);
  });

  it('keep their place before a savepoint while a hook of the application delays them', async () => {
    const signals = new EventEmitter();
    sequelize.addHook('afterQuery', 'slow', async (options) => {
      if ((options as { type?: string }).type !== 'INSERT') return;
      signals.emit('in the hook');
      await once(signals, 'go on');
    });
    await sequelize.transaction(async (transaction) => {
      const creating = User.create({ name: 'stays' }, { transaction });
      await once(signals, 'in the hook');
      const inner = await sequelize.transaction({ transaction });
      signals.emit('go on');
      await creating;
      await inner.rollback();
    });
    sequelize.removeHook('afterQuery', 'slow');
    assert.deepEqual([told(), await names()], [['CREATE User 1'], ['stays']]);
  });

  it('are told at once where a query only says on which connection it runs', async () => {
    const { connectionManager } = sequelize as unknown as {
      connectionManager: { getConnection(options: object): Promise<object> };
    };
    const connection = await connectionManager.getConnection({});
    await sequelize.query("INSERT INTO Users (name) VALUES ('a')", { transaction: { connection } as never });
    assert.deepEqual(told(), ['SQL Users']);
  });

  it('are failures, not unknown, where the transaction is over', async () => {
    const transaction = await sequelize.transaction();
    await transaction.commit();
    await assert.rejects(User.create({ name: 'a' }, { transaction }));
    assert.deepEqual(told(), ['CREATE User failure']);
  });

  it('of findOrCreate are told once its own transaction has committed', async () => {
    await User.findOrCreate({ where: { name: 'a' } });
    await sequelize
      .transaction(async (transaction) => {
        await User.findOrCreate({ where: { name: 'b' }, transaction });
        throw FAIL;
      })
      .catch(roll);
    await sequelize.transaction((transaction) => User.findOrCreate({ where: { name: 'c' }, transaction }));
    assert.deepEqual(told(), ['CREATE User 1', 'CREATE User 2']);
  });

  it("leave the application's own afterCommit hooks, errors and results alone", async () => {
    const seen: string[] = [];
    const result = await sequelize.transaction(async (transaction) => {
      transaction.afterCommit(() => void seen.push('first'));
      await User.create({ name: 'a' }, { transaction });
      transaction.afterCommit(() => void seen.push('second'));
      return 'done';
    });
    assert.deepEqual([result, seen], ['done', ['first', 'second']]);
    const transaction = await sequelize.transaction();
    await transaction.commit();
    await assert.rejects(transaction.commit(), /has been finished with state: commit/);
    await assert.rejects(User.create({ name: 'b' }, { transaction }), /commit has been called on this transaction/);
  });
});

describe('changes that were rolled back', () => {
  beforeEach(async () => {
    sequelize = auditSequelize(newDatabase(), { reads: false, recordRollbacks: true });
    User = sequelize.define('User', { name: { type: DataTypes.STRING, unique: true } }, { timestamps: false });
    await sequelize.sync();
    takeRecords();
  });

  it('are told as failures where that is asked for, with those that were kept in their order', async () => {
    await sequelize.transaction(createOuterAndUndoneInner);
    const records = takeRecords();
    assert.deepEqual(records.map(summary), ['CREATE User 2 failure', 'CREATE User 1']);
    assert.equal(records[0]?.error_message, 'The transaction was rolled back');
    assert.equal(records[0]?.transaction_id, records[1]?.transaction_id);
  });

  it('are told once, where the statement failed itself', async () => {
    await sequelize
      .transaction(async (transaction) => {
        await User.create({ name: 'a' }, { transaction });
        await User.create({ name: 'a' }, { transaction });
      })
      .catch(() => undefined);
    assert.deepEqual(told(), ['CREATE User failure', 'CREATE User 1 failure']);
  });
});

describe('more changes than are told of each for itself', () => {
  const MANY = 10_000;

  beforeEach(async () => {
    sequelize = auditSequelize(newDatabase(), { reads: false });
    User = sequelize.define('User', { name: DataTypes.STRING }, { timestamps: false });
    await sequelize.sync();
    takeRecords();
  });

  /** As if so many statements had gone before. */
  const fill = (transaction: Transaction): void => {
    for (let i = 0; i < MANY; i += 1) placeIn(transaction as unknown as TransactionShape);
  };

  const counted = (): unknown[] => takeRecords().map((record) => [summary(record), record.extra]);

  it('are counted by their kind, without those that a savepoint undid', async () => {
    await sequelize.transaction(async (transaction) => {
      fill(transaction);
      await User.bulkCreate([{ name: 'a' }, { name: 'a' }], { transaction });
      await User.create({ name: 'a' }, { transaction });
      for (const commits of [false, true]) {
        await sequelize
          .transaction({ transaction }, async (inner) => {
            for (const name of ['b', 'b']) await User.create({ name }, { transaction: inner });
            await User.update({ name: 'c' }, { where: { name: 'b' }, transaction: inner });
            if (!commits) throw FAIL;
          })
          .catch(roll);
      }
      for (const name of ['a', 'c']) await User.destroy({ where: { name }, transaction });
    });
    assert.deepEqual(counted(), [
      ['BULK_CREATE User', { total_count: 2, fields: ['id', 'name'], instance_ids: ['1', '2'] }],
      ['CREATE User 3', {}],
      ['BULK_CREATE User', { total_count: 2, truncated: true }],
      ['BULK_UPDATE User', { total_count: 2, fields: ['name'], where: { name: 'b' } }],
      ['BULK_DELETE User', { total_count: 5, truncated: true }],
    ]);
  });

  it('are counted together where a savepoint between them was released', async () => {
    await sequelize.transaction(async (transaction) => {
      fill(transaction);
      await User.create({}, { transaction });
      await sequelize.query('SAVEPOINT one', { transaction });
      await User.create({}, { transaction });
      await sequelize.query('RELEASE one', { transaction });
      await User.create({}, { transaction });
    });
    assert.deepEqual(counted(), [['BULK_CREATE User', { total_count: 3, truncated: true }]]);
  });

  it('are not told when they are rolled back', async () => {
    const transaction = await sequelize.transaction();
    fill(transaction);
    await User.create({ name: 'a' }, { transaction });
    await transaction.rollback();
    assert.deepEqual(told(), []);
  });
});

describe('changes in concurrent transactions', () => {
  it("don't mix", async (t) => {
    const storage = path.join(temporaryFolder(t), 'test.sqlite');
    sequelize = auditSequelize(newDatabase({ storage, retry: { max: 0 } }), { reads: false });
    User = sequelize.define('User', { name: DataTypes.STRING }, { timestamps: false });
    await sequelize.sync();
    takeRecords();
    // SQLite has one writer: the second transaction writes when the first is done, and both are open.
    const [one, two] = [await sequelize.transaction(), await sequelize.transaction()];
    await User.create({ name: 'one' }, { transaction: one });
    await one.rollback();
    await User.create({ name: 'two' }, { transaction: two });
    assert.deepEqual(told(), []);
    await two.commit();
    assert.deepEqual(
      takeRecords().map(({ instance_repr }) => instance_repr['name']),
      ['two'],
    );
    await sequelize.close();
  });
});

describe('changes in a transaction that CLS carries', () => {
  before(() => void Sequelize.useCLS(newNamespace()));
  after(() => Reflect.deleteProperty(Sequelize, '_cls'));

  it('are told when it commits, and not when it is rolled back', async () => {
    sequelize = auditSequelize(newDatabase(), { reads: false });
    User = sequelize.define('User', { name: DataTypes.STRING, age: DataTypes.INTEGER }, { timestamps: false });
    await sequelize.sync();
    takeRecords();
    const work = async (): Promise<void> => {
      const user = await User.create({ name: 'a', age: 1 });
      await user.increment('age');
      await User.increment('age', { where: {} });
      await sequelize.query('UPDATE Users SET age = 5');
      await sequelize.getQueryInterface().bulkInsert('Users', [{ name: 'b' }]);
      assert.deepEqual(told(), []);
    };
    await sequelize.transaction(work);
    assert.deepEqual(told(), ['CREATE User 1', 'UPDATE User 1', 'BULK_UPDATE User', 'SQL Users', 'BULK_CREATE User']);
    await sequelize.transaction(() => work().then(() => Promise.reject(FAIL))).catch(roll);
    await sequelize.transaction((_transaction: Transaction) => User.create({ name: 'c' }, { transaction: null }));
    assert.deepEqual(told(), ['CREATE User 3']);
  });
});
