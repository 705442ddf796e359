import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, describe, it } from 'node:test';

import { DataTypes, type Model, type ModelStatic, Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { runInWork } from '../../src/context/work.ts';
import { newNamespace } from '../support/cls-namespace.ts';
import type { DatabaseServer } from '../support/database-server.ts';
import { startPostgres } from '../support/postgres.ts';
import { newDatabase, takeRecords } from '../support/sequelize-records.ts';

const require = createRequire(import.meta.url);
const UNDO = new Error('undo');
const undone = (error: unknown): void => assert.equal(error, UNDO);

/** A class of its own, as each copy of Sequelize has one: it holds the CLS namespace. */
function newClass(): typeof Sequelize {
  const file = require.resolve('sequelize/lib/sequelize');
  const { [file]: cached } = require.cache;
  delete require.cache[file];
  const Copy = require(file) as typeof Sequelize;
  require.cache[file] = cached;
  return Copy;
}

function usersIn(sequelize: Sequelize): ModelStatic<Model> {
  auditSequelize(sequelize, { reads: false });
  const { dialect } = sequelize as unknown as { dialect: { queryGenerator: { generateTransactionId(): string } } };
  dialect.queryGenerator.generateTransactionId = () => 'the id of both';
  return sequelize.define('User', { name: DataTypes.STRING }, { timestamps: false });
}

const told = (): string[] =>
  takeRecords().map(({ event_type, instance_repr, extra, request_id, transaction_id }) => {
    assert.equal(request_id, 'r-1');
    assert.ok(transaction_id === undefined || transaction_id === 'the id of both');
    return [event_type, instance_repr['name'] ?? extra['operation']].join(' ');
  });

describe('two databases with models of one name, in one request', () => {
  let server: DatabaseServer;
  let one: Sequelize;
  let other: Sequelize;
  let InOne: ModelStatic<Model>;
  let InOther: ModelStatic<Model>;

  before(async () => {
    server = await startPostgres();
    const PostgresClass = newClass();
    one = new PostgresClass(server.options);
    other = newDatabase();
    PostgresClass.useCLS(newNamespace());
    Sequelize.useCLS(newNamespace());
    InOne = usersIn(one);
    InOther = usersIn(other);
    await one.sync();
    await other.sync();
  });
  beforeEach(() => void takeRecords());
  after(async () => {
    Reflect.deleteProperty(Sequelize, '_cls');
    await one.close();
    await other.close();
    await server.stop();
  });

  const inRequest = (fn: () => Promise<void>): Promise<void> => runInWork({ requestId: 'r-1' }, fn);

  it("don't mix in transactions that are open at once, also of one id", () =>
    inRequest(async () => {
      const [first, second] = [await one.transaction(), await other.transaction()];
      await InOne.create({ name: 'one' }, { transaction: first });
      await InOther.create({ name: 'other' }, { transaction: second });
      await first.rollback();
      assert.deepEqual(told(), []);
      await second.commit();
      assert.deepEqual(told(), ['CREATE other']);
    }));

  it("don't mix in transactions within one another that CLS carries", () =>
    inRequest(async () => {
      await one
        .transaction(async () => {
          await InOne.create({ name: 'one' });
          await other.transaction(async () => {
            await InOther.create({ name: 'other' });
            await one.query(`INSERT INTO "Users" (name) VALUES ('one')`);
            assert.deepEqual(told(), []);
          });
          assert.deepEqual(told(), ['CREATE other']);
          await InOther.create({ name: 'outside' });
          assert.deepEqual(told(), ['CREATE outside']);
          throw UNDO;
        })
        .catch(undone);
      assert.deepEqual(told(), []);
      await one.transaction(async () => {
        await other
          .transaction(async () => {
            await InOther.create({ name: 'other' });
            await InOne.create({ name: 'one' });
            throw UNDO;
          })
          .catch(undone);
        assert.deepEqual(told(), []);
      });
      assert.deepEqual(told(), ['CREATE one']);
    }));

  it("don't mix when both are asked at once", () =>
    inRequest(async () => {
      await Promise.all([
        one.transaction(() => Promise.all(['a', 'b'].map((name) => InOne.create({ name })))),
        other
          .transaction(async () => {
            await Promise.all(['c', 'd'].map((name) => InOther.create({ name })));
            throw UNDO;
          })
          .catch(undone),
        InOne.create({ name: 'e' }),
      ]);
      assert.deepEqual(told().toSorted(), ['CREATE a', 'CREATE b', 'CREATE e']);
    }));
});
