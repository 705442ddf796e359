import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, describe, it } from 'node:test';

import { DataTypes, type Model, type ModelStatic, Sequelize, type Transaction } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { DatabaseServer } from '../support/database-server.ts';
import { startMariadb } from '../support/mariadb.ts';
import { startPostgres } from '../support/postgres.ts';
import { summary, takeRecords } from '../support/sequelize-records.ts';

const SERVERS: readonly [dialect: string, start: () => Promise<DatabaseServer>][] = [
  ['postgres', startPostgres],
  ['mariadb', () => startMariadb('mariadb')],
  ['mysql', () => startMariadb('mysql')],
];

async function newItems(t: TestContext, options: object): Promise<{ sequelize: Sequelize; Item: ModelStatic<Model> }> {
  const sequelize = auditSequelize(new Sequelize(options), { reads: false, recordRollbacks: true });
  t.after(() => sequelize.close());
  const Item = sequelize.define('Item', { n: DataTypes.INTEGER }, { timestamps: false });
  await sequelize.sync({ force: true });
  takeRecords();
  return { sequelize, Item };
}

/** Has the server end the connection of a transaction, and waits until its driver knows. */
async function loseConnection(sequelize: Sequelize, transaction: Transaction): Promise<void> {
  const isPostgres = sequelize.getDialect() === 'postgres';
  const { connection } = transaction as unknown as { connection: NodeJS.EventEmitter };
  const sql = isPostgres ? 'SELECT pg_backend_pid() AS id' : 'SELECT CONNECTION_ID() AS id';
  const { id } = (await sequelize.query(sql, { plain: true, transaction })) as { id: number };
  const end = sequelize.getDialect() === 'mysql' ? 'error' : 'end';
  const lost = once(connection, end).catch((error: unknown) => error);
  await sequelize.query(isPostgres ? `SELECT pg_terminate_backend(${id})` : `KILL ${id}`);
  await lost;
}

for (const [dialect, start] of SERVERS) {
  describe(`a connection that is lost, ${dialect}`, () => {
    it('has one failure for the write, none of its values, and nothing that it undid is open', async (t) => {
      const server = await start();
      t.after(() => server.stop());
      const { sequelize, Item } = await newItems(t, server.options);
      const transaction = await sequelize.transaction();
      await Item.create({ n: 1 }, { transaction });
      await loseConnection(sequelize, transaction);
      await assert.rejects(Item.create({ n: 4711 }, { transaction }));
      assert.deepEqual(takeRecords().map(summary), ['CREATE Item failure']);
      await assert.rejects(transaction.rollback());
      assert.deepEqual(takeRecords().map(summary), ['CREATE Item 1 failure']);
      assert.equal(await Item.count(), 0);
    });

    it('never had what waited for a connection in vain: one failure', async (t) => {
      const server = await start();
      t.after(() => server.stop());
      const { sequelize, Item } = await newItems(t, { ...server.options, pool: { max: 1, acquire: 100 } });
      const transaction = await sequelize.transaction();
      await assert.rejects(Item.create({ n: 1 }), { name: 'SequelizeConnectionAcquireTimeoutError' });
      await transaction.rollback();
      assert.deepEqual(
        takeRecords().map((record) => [summary(record), record.error_message]),
        [['CREATE Item failure', 'Operation timeout']],
      );
    });
  });
}
