import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';

import type { Sequelize } from 'sequelize';
import { type BulkCreateOptions, DataTypes, type Model, type ModelStatic } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { newDatabase, summary, takeRecords } from '../support/sequelize-records.ts';

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

const UUID = '7b0c9c1e-0000-4000-8000-000000000001';

/** What a record says of fields: of the row, of what has changed, of what was written in bulk. */
function said(record: ModelEvent): string {
  const { event_type, instance_repr, changes, extra } = record;
  const shown = event_type === 'READ' ? {} : instance_repr;
  const fields = changes ? Object.keys(changes) : ((extra['fields'] as string[] | undefined) ?? Object.keys(shown));
  const ids = extra['instance_ids'] as string[] | undefined;
  return [summary(record), ids && `[${ids.join(' ')}]`, fields.length > 0 && `(${fields.join(' ')})`]
    .filter(Boolean)
    .join(' ');
}

describe('the records of models of any shape', () => {
  let sequelize: Sequelize;
  let Person: ModelStatic<Model>;
  let Admin: ModelStatic<Model>;
  let Profile: ModelStatic<Model>;
  let Seat: ModelStatic<Model>;
  let Token: ModelStatic<Model>;
  let Line: ModelStatic<Model>;
  let ann: Model & Methods;

  before(() => {
    sequelize = auditSequelize(newDatabase());
    const name = DataTypes.STRING;
    const kind = { type: DataTypes.STRING, defaultValue: 'person' };
    const age = { type: DataTypes.INTEGER, defaultValue: 0 };
    const options = { timestamps: false, tableName: 'People' };
    Person = sequelize.define('Person', { name, kind, age }, { ...options, scopes: { old: { where: { age: 99 } } } });
    Admin = sequelize.define(
      'Admin',
      { name, kind: { ...kind, defaultValue: 'admin' }, age },
      { ...options, defaultScope: { where: { kind: 'admin' } } },
    );
    Profile = sequelize.define('Profile', { bio: DataTypes.STRING }, { timestamps: false });
    Person.hasOne(Profile);
    Profile.belongsTo(Person);
    Seat = sequelize.define(
      'Seat',
      {
        row: { type: DataTypes.INTEGER, primaryKey: true },
        place: { type: DataTypes.INTEGER, primaryKey: true },
        taken: DataTypes.BOOLEAN,
      },
      { timestamps: false },
    );
    Token = sequelize.define(
      'Token',
      { id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 }, use: DataTypes.STRING },
      { timestamps: false },
    );
    Line = sequelize.define('Line', { text: DataTypes.STRING }, { timestamps: false });
    Line.removeAttribute('id');
  });

  beforeEach(async () => {
    await sequelize.sync({ force: true });
    ann = (await Person.create({ name: 'Ann', age: 99 })) as Model & Methods;
    takeRecords();
  });

  const CASES: Readonly<Record<string, readonly [run: () => Promise<unknown>, records: readonly string[]]>> = {
    'a subclass in the table of another model': [
      async () => {
        const admin = await Admin.create({ name: 'Eve' });
        await admin.update({ name: 'Eva' });
        await Admin.update({ name: 'x' }, { where: {} });
        await Admin.destroy({ where: {} });
      },
      ['CREATE Admin 2 (id name kind age)', 'UPDATE Admin 2 (name)', 'BULK_UPDATE Admin (name)', 'BULK_DELETE Admin'],
    ],
    'a scope': [
      async () => {
        await Person.scope('old').findAll();
        await Person.scope('old').update({ name: 'Anne' }, { where: {} });
        await Person.unscoped().destroy({ where: { age: 1 } });
      },
      ['READ Person 1', 'BULK_UPDATE Person (name)'],
    ],
    'a composite key': [
      async () => {
        const seat = await Seat.create({ row: 1, place: 2 });
        await seat.update({ taken: true });
        await Seat.bulkCreate([
          { row: 1, place: 3 },
          { row: 2, place: 1 },
        ]);
        await Seat.findAll();
        await seat.destroy();
      },
      [
        'CREATE Seat 1,2 (row place)',
        'UPDATE Seat 1,2 (taken)',
        'BULK_CREATE Seat [1,3 2,1] (row place)',
        'READ Seat [1,2 1,3 2,1]',
        'DELETE Seat 1,2 (row place taken)',
      ],
    ],
    'a UUID as the key': [
      async () => {
        const token = await Token.create({ id: UUID, use: 'a' });
        await token.update({ use: 'b' });
        await token.reload();
        await token.destroy();
      },
      [
        `CREATE Token ${UUID} (id use)`,
        `UPDATE Token ${UUID} (use)`,
        `READ Token ${UUID}`,
        `DELETE Token ${UUID} (id use)`,
      ],
    ],
    'no key': [
      async () => {
        await Line.create({ text: 'a' });
        await Line.bulkCreate([{ text: 'b' }, { text: 'c' }]);
        await Line.findAll();
        await Line.update({ text: 'd' }, { where: { text: 'a' } });
        await Line.destroy({ where: { text: 'd' } });
      },
      ['CREATE Line (text)', 'BULK_CREATE Line (text)', 'READ Line', 'BULK_UPDATE Line (text)', 'BULK_DELETE Line'],
    ],
    'a one-to-one association': [
      async () => {
        await ann['createProfile']?.({ bio: 'a' });
        await ann['getProfile']?.();
        const other = await Profile.create({ bio: 'b' });
        await ann['setProfile']?.(other);
        await (other as Model & Methods)['setPerson']?.(null);
        await (other as Model & Methods)['createPerson']?.({ name: 'Bob' });
      },
      [
        'CREATE Profile 1 (id bio PersonId)',
        'READ Profile 1',
        'CREATE Profile 2 (id bio)',
        'READ Profile 1',
        'UPDATE Profile 1 (PersonId)',
        'UPDATE Profile 2 (PersonId)',
        'UPDATE Profile 2 (PersonId)',
        'CREATE Person 2 (id name kind age)',
        'UPDATE Profile 2 (PersonId)',
      ],
    ],
    'a nested create, and a find with what belongs to it': [
      async () => {
        await Profile.create({ bio: 'a', Person: { name: 'Bob' } }, { include: [Person] });
        await Person.findAll({ include: [{ model: Profile, required: true }] });
      },
      ['CREATE Person 2 (id name kind age)', 'CREATE Profile 1 (id bio PersonId)', 'READ Person 2'],
    ],
    'hooks that give each row other values': [
      async () => {
        await Person.create({ name: 'Bob', age: 99 });
        Person.addHook('beforeUpdate', 'each', (person) => void person.set('age', person.get('id')));
        await Person.update({ age: 1 }, { where: { age: 99 }, individualHooks: true });
        Person.removeHook('beforeUpdate', 'each');
      },
      ['CREATE Person 2 (id name kind age)', 'READ Person [1 2]', 'UPDATE Person 1 (age)', 'UPDATE Person 2 (age)'],
    ],
    'duplicates that are updated': [
      () =>
        Person.bulkCreate([{ id: 1, name: 'x' }, { name: 'new' }], {
          updateOnDuplicate: ['name'],
        } as BulkCreateOptions),
      ['BULK_CREATE Person (id name kind age)'],
    ],
    'an upsert of a new row': [() => Person.upsert({ id: 7, name: 'x' }), ['UPSERT Person 7 (id name)']],
    'a decrement of many': [() => Person.decrement({ age: 2 }, { where: { age: 99 } }), ['BULK_UPDATE Person (age)']],
    'aggregates and counts': [
      async () => {
        await Person.min('age');
        await Person.sum('age');
        await Person.aggregate('age', 'avg');
        await Person.count();
      },
      ['READ Person (age)', 'READ Person (age)', 'READ Person (age)'],
    ],
    'findOrBuild, and a find by key': [
      async () => {
        await Person.findOrBuild({ where: { name: 'Nobody' } });
        await Person.findByPk(1, { attributes: ['name'] });
      },
      ['READ Person', 'READ Person (name)'],
    ],
    'truncation, by destroy': [() => Profile.destroy({ truncate: true }), ['TRUNCATE Profile']],
    'the query interface, with models': [
      async () => {
        const queryInterface = sequelize.getQueryInterface();
        const options = { model: Person } as never;
        await queryInterface.upsert('People', { id: 1, name: 'x' }, { name: 'x' }, { id: 1 }, options);
        await queryInterface.update(ann, 'People', { name: 'y' }, { id: 1 }, {});
        await queryInterface.select(Person, 'People', {});
        await queryInterface.delete(ann, 'People', { id: 1 } as never, { type: 'DELETE' });
      },
      ['UPSERT Person 1 (name)', 'UPDATE Person 1 (name)', 'READ Person 1', 'DELETE Person 1 (id name kind age)'],
    ],
    'what changes the schema alone': [
      async () => {
        const queryInterface = sequelize.getQueryInterface();
        await queryInterface.createTable('Others', { id: DataTypes.INTEGER });
        await queryInterface.renameTable('Others', 'More');
        await queryInterface.addIndex('More', ['id']);
        await queryInterface.tableExists('More');
        await queryInterface.dropTable('More');
        await Person.describe();
      },
      [],
    ],
  };

  for (const [name, [run, records]] of Object.entries(CASES)) {
    it(`tell of ${name}: ${records.join(', ') || 'nothing'}`, async () => {
      await run();
      assert.deepEqual(takeRecords().map(said), records);
    });
  }

  it('tell once of a change through a proxy of a model', async () => {
    const Proxied = new Proxy(Person, {});
    const bob = await Proxied.create({ name: 'Bob' });
    await new Proxy(bob, {}).update({ name: 'Bobby' });
    assert.deepEqual(takeRecords().map(said), ['CREATE Person 2 (id name kind age)', 'UPDATE Person 2 (name)']);
  });
});
