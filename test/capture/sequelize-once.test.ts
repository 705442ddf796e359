import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';

import { DataTypes, type Model, type ModelStatic, type Options, type Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { SequelizeInstrumentation } from '../../src/capture/sequelize.ts';
import { installed } from '../support/install.ts';
import { provider, summary, takeRecords } from '../support/sequelize-records.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const told = (): string[] => takeRecords().map(summary);

/** A copy of Sequelize in a folder of its own, loaded now. */
async function copyOf(version: string): Promise<typeof Sequelize> {
  const require = createRequire(path.join(await installed({ sequelize: version }), 'application.js'));
  return (require('sequelize') as { Sequelize: typeof Sequelize }).Sequelize;
}

async function newUsers(
  t: TestContext,
  Copy: typeof Sequelize,
  options: Options = {},
): Promise<{ sequelize: Sequelize; User: ModelStatic<Model> }> {
  const sequelize = new Copy({
    dialect: 'sqlite',
    storage: ':memory:',
    dialectModule: sqlite,
    logging: false,
    ...options,
  });
  t.after(() => sequelize.close());
  const User = sequelize.define('User', { name: DataTypes.STRING, age: DataTypes.INTEGER }, { timestamps: false });
  await sequelize.sync();
  takeRecords();
  return { sequelize, User };
}

/** Each kind of change, through the model and its instances. */
async function changeAll(User: ModelStatic<Model>): Promise<void> {
  const user = await User.create({ name: 'Ann', age: 1 });
  await user.update({ name: 'Anne' });
  await user.increment('age');
  await User.bulkCreate([{ name: 'Bob' }], { individualHooks: true });
  await User.update({ age: 2 }, { where: { name: 'Bob' }, individualHooks: true });
  await User.findAll({ where: { name: 'Bob' } });
  await User.destroy({ where: { name: 'Bob' }, individualHooks: true });
  await user.destroy();
}

const ONCE = [
  'CREATE User 1',
  'UPDATE User 1',
  'UPDATE User 1',
  'CREATE User 2',
  'READ User 2',
  'BULK_UPDATE User',
  'READ User 2',
  'READ User 2',
  'BULK_DELETE User',
  'DELETE User 1',
];

describe('each change is told once', () => {
  const instrumentations = [new SequelizeInstrumentation(), new SequelizeInstrumentation()];
  for (const instrumentation of instrumentations) instrumentation.setLoggerProvider(provider);
  let first: typeof Sequelize;
  let second: typeof Sequelize;
  before(async () => {
    first = await copyOf('6.37.8');
    second = await copyOf('6.37.7');
  });
  after(() => instrumentations.forEach((instrumentation) => instrumentation.disable()));

  it('with two instrumentations, and an instance that is registered besides', async (t) => {
    const { sequelize, User } = await newUsers(t, first);
    auditSequelize(auditSequelize(sequelize));
    await changeAll(User);
    assert.deepEqual(told(), ONCE);
  });

  it('through a proxy of the model', async (t) => {
    const { User } = await newUsers(t, first);
    await changeAll(new Proxy(User, {}));
    assert.deepEqual(told(), ONCE);
  });

  it('through a proxy of the instance of Sequelize, which is registered besides', async (t) => {
    const { sequelize, User } = await newUsers(t, first);
    const proxy = auditSequelize(new Proxy(sequelize, {}));
    await proxy.transaction((transaction) => User.create({ name: 'Ann' }, { transaction }));
    await proxy.query("INSERT INTO Users (name) VALUES ('Bob')");
    assert.deepEqual(told(), ['CREATE User 1', 'SQL Users']);
  });

  it('by the copy of Sequelize that made it, of two that have one database', async (t) => {
    const storage = path.join(temporaryFolder(t), 'test.sqlite');
    assert.notEqual(first, second);
    const one = await newUsers(t, first, { storage });
    const two = await newUsers(t, second, { storage });
    await one.User.create({ name: 'Ann' });
    await two.User.update({ name: 'Anne' }, { where: { id: 1 } });
    await two.sequelize.transaction((transaction) => two.User.create({ name: 'Bob' }, { transaction }));
    await one.User.destroy({ where: { id: 2 } });
    assert.deepEqual(told(), ['CREATE User 1', 'BULK_UPDATE User', 'CREATE User 2', 'BULK_DELETE User']);
  });
});
