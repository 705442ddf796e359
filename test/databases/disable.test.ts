import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { types } from 'node:util';

import type { DataTypes, Model, ModelStatic, Options, Sequelize, Transaction } from 'sequelize';

import { SequelizeInstrumentation } from '../../src/capture/sequelize.ts';
import type { DatabaseServer } from '../support/database-server.ts';
import { installed } from '../support/install.ts';
import { startPostgres } from '../support/postgres.ts';
import { queryInterfaceOf } from '../support/sequelize-copy.ts';
import { provider, summary, takeRecords } from '../support/sequelize-records.ts';

/** A copy of Sequelize that was loaded while it was watched. */
interface Loaded {
  readonly create: (options: Options) => Sequelize;
  readonly DataTypes: typeof DataTypes;
  /** How many listeners wait for new instances. */
  readonly listeners: () => number;
}

const told = (): string[] => takeRecords().map(summary);

async function load6(): Promise<Loaded> {
  const require = createRequire(path.join(await installed({ sequelize: '6.37.8' }), 'application.js'));
  const copy = require('sequelize') as { Sequelize: typeof Sequelize; DataTypes: typeof DataTypes };
  const { options } = copy.Sequelize as unknown as { options: { hooks: { afterInit?: unknown[] } } };
  return {
    create: (given) => new copy.Sequelize(given),
    DataTypes: copy.DataTypes,
    listeners: () => options.hooks.afterInit?.length ?? 0,
  };
}

async function load7(): Promise<Loaded> {
  const { sequelize7 } = await import('../support/sequelize-7.ts');
  const { Sequelize: loaded } = await import('@sequelize/core');
  return { ...sequelize7, listeners: () => loaded.hooks.getListenerCount('afterInit') };
}

/** What of ours an instance of Sequelize has. */
function traces(sequelize: Sequelize): string[] {
  const { options, hooks, dialect } = sequelize as unknown as {
    options: { hooks?: { beforeQuery?: unknown[]; afterDefine?: unknown[] } };
    hooks?: { getListenerCount(hook: string): number };
    dialect: { Query: object };
  };
  const listeners = ['beforeQuery', 'afterDefine'].filter((hook) =>
    hooks
      ? hooks.getListenerCount(hook) > 0
      : (options.hooks?.[hook as 'beforeQuery' | 'afterDefine']?.length ?? 0) > 0,
  );
  const queryInterface = queryInterfaceOf(sequelize);
  return [
    ...Object.getOwnPropertySymbols(sequelize)
      .map(String)
      .filter((symbol) => symbol.includes('activity-audit')),
    ...listeners,
    ...['insert', 'select', 'bulkDelete'].filter((method) => Object.hasOwn(queryInterface, method)),
    ...(types.isProxy(dialect.Query) ? ['Query'] : []),
  ];
}

async function names(User: ModelStatic<Model>): Promise<unknown[]> {
  return (await User.findAll({ order: ['id'] })).map((user) => user.get('name'));
}

function begin(sequelize: Sequelize): Promise<Transaction> {
  return 'startUnmanagedTransaction' in sequelize
    ? (sequelize as unknown as { startUnmanagedTransaction(): Promise<Transaction> }).startUnmanagedTransaction()
    : sequelize.transaction();
}

for (const [major, load] of Object.entries({ 'Sequelize 6': load6, 'Sequelize 7': load7 })) {
  describe(`recording that is disabled, ${major}`, () => {
    let instrumentation: SequelizeInstrumentation;
    let server: DatabaseServer;
    let loaded: Loaded;
    let sequelize: Sequelize;
    let User: ModelStatic<Model>;

    before(async () => {
      instrumentation = new SequelizeInstrumentation();
      instrumentation.setLoggerProvider(provider);
      loaded = await load();
      server = await startPostgres();
    });
    after(() => {
      instrumentation.disable();
      return server.stop();
    });

    beforeEach(async () => {
      instrumentation.enable();
      sequelize = loaded.create(server.options);
      User = sequelize.define(
        'User',
        { name: { type: loaded.DataTypes.STRING, validate: { len: [1, 20] } } },
        { timestamps: false },
      );
      await sequelize.sync({ force: true });
      takeRecords();
    });

    afterEach(() => sequelize.close());

    it('leaves nothing in instances that are made afterwards, and nobody who waits for them', () => {
      assert.notDeepEqual(traces(sequelize), []);
      assert.equal(loaded.listeners(), 1);
      instrumentation.disable();
      assert.equal(loaded.listeners(), 0);
      assert.deepEqual(traces(loaded.create(server.options)), []);
    });

    it('tells nothing of what instances do that were made before, with the same results and errors', async () => {
      instrumentation.disable();
      const ann = await User.create({ name: 'Ann' });
      await ann.update({ name: 'Anne' });
      await User.bulkCreate([{ name: 'Bob' }, { name: 'Cid' }]);
      await assert.rejects(User.create({ name: '' }), { name: /ValidationError/ });
      await assert.rejects(User.create({ id: 1 }), { name: 'SequelizeUniqueConstraintError' });
      await sequelize.query(`UPDATE "Users" SET name = 'Dee' WHERE id = 3`);
      await sequelize.transaction((transaction) => User.destroy({ where: { id: 2 }, transaction }));
      assert.deepEqual(await names(User), ['Anne', 'Dee']);
      assert.deepEqual(told(), []);
    });

    it('goes on, once for each change, where it is enabled again, also in new instances', async () => {
      instrumentation.disable();
      await User.create({ name: 'Ann' });
      const between = loaded.create(server.options);
      instrumentation.enable();
      instrumentation.enable();
      const later = loaded.create(server.options);
      await User.create({ name: 'Bob' });
      for (const one of [between, later]) {
        // Each is a query of its own, one after the other.
        // oxlint-disable-next-line no-await-in-loop
        await one.query(`INSERT INTO "Users" (name) VALUES ('Cid')`);
        // oxlint-disable-next-line no-await-in-loop
        await one.close();
      }
      assert.deepEqual(told(), ['CREATE User 2', 'SQL Users']);
    });

    it('tells of statements that were on their way, and not of those that were not', async () => {
      let sent = 0;
      const logging = (): void => {
        sent += 1;
        if (sent === 3) instrumentation.disable();
      };
      const creating = Array.from({ length: 10 }, (_, index) => User.create({ name: `user ${index}` }, { logging }));
      const ids = new Set((await Promise.all(creating)).map((user) => user.get('id') as number));
      instrumentation.enable();
      await sequelize.query('UPDATE "Users" SET name = name', { logging: () => instrumentation.disable() });
      const records = takeRecords();
      const created = records.filter(({ event_type: action }) => action === 'CREATE').map((one) => one.instance_id);
      assert.ok(created.length >= 3, `${created.length} are told of`);
      assert.equal(new Set(created).size, created.length);
      assert.ok(created.every((id) => ids.has(Number(id))));
      assert.deepEqual(
        records.slice(created.length).map((record) => [summary(record), record.extra['affected']]),
        [['SQL Users', 10]],
      );
      assert.equal(await User.count(), 10);
    });

    it('tells of what an open transaction had done, when that commits, without what a savepoint undid', async () => {
      const transaction = await begin(sequelize);
      await User.create({ name: 'before' }, { transaction });
      await sequelize.query('SAVEPOINT mine', { transaction });
      await User.create({ name: 'undone' }, { transaction });
      instrumentation.disable();
      await sequelize.query('ROLLBACK TO SAVEPOINT mine', { transaction });
      await User.create({ name: 'after' }, { transaction });
      assert.deepEqual(told(), []);
      await transaction.commit();
      assert.deepEqual(
        takeRecords().map((record) => [summary(record), record.instance_repr['name']]),
        [['CREATE User 1', 'before']],
      );
      assert.deepEqual(await names(User), ['before', 'after']);
    });

    it('tells nothing of what an open transaction had done where that is rolled back', async () => {
      const transaction = await begin(sequelize);
      await User.create({ name: 'undone' }, { transaction });
      instrumentation.disable();
      await transaction.rollback();
      assert.deepEqual(told(), []);
      assert.deepEqual(await names(User), []);
    });
  });
}
