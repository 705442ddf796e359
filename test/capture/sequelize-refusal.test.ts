import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { DataTypes, type Model, type ModelStatic, QueryTypes, type Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { AuditUnavailableError } from '../../src/event/audit-unavailable-error.ts';
import { acknowledgeAfter } from '../../src/event/acknowledgement.ts';
import { newDatabase, summary, takeRecords, whileEmitting } from '../support/sequelize-records.ts';
import { acknowledgingLate, whileClosed } from '../support/sequelize-unwritable.ts';

let sent: string[];
let sequelize: Sequelize;
let Item: ModelStatic<Model>;

beforeEach(async () => {
  sent = [];
  sequelize = auditSequelize(newDatabase({ logging: (sql) => void sent.push(sql.replace(/^[^:]+: /, '')) }), {
    beforeImages: true,
  });
  Item = sequelize.define('Item', { name: DataTypes.STRING }, { timestamps: false });
  await sequelize.sync();
  await Item.create({ name: 'a' });
  sent.length = 0;
  takeRecords();
});

afterEach(() => sequelize.close());

async function rejectionOf(run: () => Promise<unknown>): Promise<Error> {
  return whileClosed(() =>
    run().then(
      () => assert.fail('not rejected'),
      (error: Error) => error,
    ),
  );
}

describe('a change that is refused', () => {
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    'a create': () => Item.create({ name: 'b' }),
    'a bulk update whose rows are to be selected before': () => Item.update({ name: 'b' }, { where: {} }),
    'an UPDATE': () => sequelize.query("UPDATE Items SET name = 'b'"),
    'an INSERT that is said to be a SELECT': () =>
      sequelize.query("INSERT INTO Items (name) VALUES ('b')", { type: QueryTypes.SELECT }),
  };
  for (const [kind, run] of Object.entries(changes)) {
    it(`has nothing sent for ${kind}, no record, and the application in the stack of its error`, async () => {
      const error = await rejectionOf(async function theApplication() {
        await run();
      });
      assert.ok(error instanceof AuditUnavailableError);
      assert.match(error.message, /ENOSPC: no space left on device/);
      assert.match(error.stack ?? '', /theApplication/);
      assert.deepEqual(sent, []);
      assert.deepEqual(takeRecords(), []);
      assert.equal(await Item.count({ where: { name: 'a' } }), 1);
    });
  }

  it('is none where it changes no rows: a change of the schema, or a read', async () => {
    await whileClosed(async () => {
      await sequelize.query('CREATE TABLE Others (id INTEGER)');
      await sequelize.query('PRAGMA user_version = 1');
      await sequelize.query('SELECT * FROM Items');
      await sequelize.query('DROP TABLE Others');
      await sequelize.sync({ force: true });
    });
    assert.deepEqual(takeRecords().map(summary), ['READ']);
  });

  it('is made where recording was switched off', async () => {
    const unrecorded = auditSequelize(newDatabase(), { enabled: false });
    const Other = unrecorded.define('Other', {}, { timestamps: false });
    await unrecorded.sync();
    await whileClosed(() => Other.create());
    assert.equal(await Other.count(), 1);
    await unrecorded.close();
  });
});

describe('a statement that waits until its records are acknowledged', () => {
  it('waits where its rows were selected before', async () => {
    await acknowledgingLate(async (counts) => {
      await Item.update({ name: 'b' }, { where: {} });
      assert.deepEqual(counts, { emitted: 1, acknowledged: 1 });
    });
  });

  it('waits once where it is tried again and fails', async () => {
    await acknowledgingLate(async (counts) => {
      const retry = { max: 3, match: [/no such table/] };
      await assert.rejects(sequelize.query('DELETE FROM Absent', { retry }), /no such table/);
      assert.equal(sent.length, 3);
      assert.deepEqual(counts, { emitted: 1, acknowledged: 1 });
    });
  });

  it('waits in the time that `retry.timeout` leaves it', async () => {
    const stop = whileEmitting(() => acknowledgeAfter(new Promise(() => undefined)));
    const sql = "UPDATE Items SET name = 'b'";
    await assert.rejects(sequelize.query(sql, { retry: { max: 1, timeout: 20 } }), { name: 'TimeoutError' });
    stop();
    assert.equal(await Item.count({ where: { name: 'b' } }), 1);
  });
});
