import { type Model, type ModelStatic, QueryTypes, type Sequelize } from 'sequelize';

import { quoted } from './quoted.ts';
import { type SequelizeCopy, queryInterfaceOf, sequelize6 } from './sequelize-copy.ts';
import { takeRecords } from './sequelize-records.ts';

/** An application with its models, and a row. */
export interface World {
  readonly copy: SequelizeCopy;
  readonly sequelize: Sequelize;
  readonly User: ModelStatic<Model>;
  readonly Tag: ModelStatic<Model>;
  readonly Post: ModelStatic<Model>;
  readonly UserTag: ModelStatic<Model>;
  /** A user that was there before. */
  readonly ann: Model;
}

/** What `sequelize` is made into; its database is emptied. */
export async function newWorld(sequelize: Sequelize, copy: SequelizeCopy = sequelize6): Promise<World> {
  const { DataTypes } = copy;
  const sensitive = { type: DataTypes.STRING, [copy.column]: 'badge_no', sensitive: true };
  const User = sequelize.define(
    'User',
    {
      name: DataTypes.STRING,
      age: { type: DataTypes.INTEGER, defaultValue: 0, validate: { min: 0 } },
      email: { type: DataTypes.STRING, unique: true, [copy.column]: 'e_mail' },
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
  User.belongsToMany(Tag, { as: 'Tags', through: UserTag, foreignKey: 'UserId', otherKey: 'TagId' });
  copy.hasDependents(User, Post, { as: 'Posts', foreignKey: 'UserId' });
  await sequelize.sync({ force: true });
  const ann = await User.create({ name: 'Ann', age: 30, email: 'ann@x.org', badge: 'B-1' });
  await Tag.bulkCreate([{ label: 'red' }, { label: 'blue' }]);
  takeRecords();
  return { copy, sequelize, User, Tag, Post, UserTag, ann };
}

/** The methods that associations give an instance. */
function associated(instance: Model): Record<string, (...args: unknown[]) => Promise<unknown>> {
  return instance as never;
}

/** What an application does, and the records that this makes, by `summary`. */
export const OPERATIONS: Readonly<
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
  'Model.decrement': [({ User }) => User.decrement('age', { where: { name: 'Ann' } }), ['BULK_UPDATE User']],
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
  'Model.bulkCreate without hooks': [
    ({ User }) => User.bulkCreate([{ name: 'a' }, { name: 'b' }], { hooks: false }),
    ['BULK_CREATE User'],
  ],
  'Model.bulkCreate of duplicates that are updated': [
    ({ User }) => User.bulkCreate([{ email: 'ann@x.org', name: 'Anne' }], { updateOnDuplicate: ['name'] }),
    ['BULK_CREATE User'],
  ],
  'Model.bulkCreate with rows of other models': [
    ({ User }) => User.bulkCreate([{ name: 'Bob', Posts: [{ title: 'a' }, { title: 'b' }] }], { include: ['Posts'] }),
    ['BULK_CREATE User', 'BULK_CREATE Post'],
  ],
  'Model.upsert': [({ User }) => User.upsert({ id: 1, name: 'Anne' }), ['UPSERT User 1']],
  'Model.upsert without hooks': [
    ({ User }) => User.upsert({ id: 1, name: 'Anne' }, { hooks: false }),
    ['UPSERT User 1'],
  ],
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
  'findOrCreate without hooks': [
    ({ User }) => User.findOrCreate({ where: { email: 'new@x.org' }, hooks: false }),
    ['READ User', 'CREATE User 2'],
  ],
  findOrBuild: [({ User }) => User.findOrBuild({ where: { email: 'new@x.org' } }), ['READ User']],
  'instance.destroy, paranoid': [({ ann }) => ann.destroy(), ['DELETE User 1']],
  'instance.destroy, twice': [({ ann }) => ann.destroy().then(() => ann.destroy()), ['DELETE User 1']],
  'instance.destroy of a row that is gone': [
    ({ Tag }) => Tag.create().then((tag) => tag.destroy().then(() => tag.destroy())),
    ['CREATE Tag 3', 'DELETE Tag 3'],
  ],
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
  'Model.restore with individual hooks': [
    ({ User }) => User.destroy({ where: {} }).then(() => User.restore({ where: { id: 1 }, individualHooks: true })),
    ['BULK_DELETE User', 'READ User 1', 'BULK_RESTORE User'],
  ],
  'Model.destroy and Model.restore without hooks': [
    ({ User }) =>
      User.destroy({ where: {}, hooks: false }).then(() => User.restore({ where: { id: 1 }, hooks: false })),
    ['BULK_DELETE User', 'BULK_RESTORE User'],
  ],
  'Model.destroy with individual hooks': [
    ({ User }) => User.destroy({ where: { id: 1 }, individualHooks: true }),
    ['READ User 1', 'BULK_DELETE User'],
  ],
  'Model.destroy with force': [({ User }) => User.destroy({ where: { id: 1 }, force: true }), ['BULK_DELETE User']],
  'Model.destroy of no row': [({ User }) => User.destroy({ where: { id: 99 } }), []],
  'Model.truncate': [({ Tag }) => Tag.truncate(), ['TRUNCATE Tag']],
  'Model.truncate of a table that nothing refers to': [({ Post }) => Post.truncate(), ['TRUNCATE Post']],
  'findAll of one row': [({ User }) => User.findAll(), ['READ User 1']],
  'findAll of several rows': [({ Tag }) => Tag.findAll(), ['READ Tag']],
  'findAll without hooks': [({ User }) => User.findAll({ hooks: false } as object), ['READ User 1']],
  findByPk: [({ User }) => User.findByPk(1, { raw: true }), ['READ User 1']],
  'findOne of no row': [({ User }) => User.findOne({ where: { id: 99 } }), ['READ User']],
  findAndCountAll: [({ User }) => User.findAndCountAll(), ['READ User 1']],
  count: [({ User }) => User.count(), []],
  max: [({ User }) => User.max('age'), ['READ User']],
  min: [({ User }) => User.min('age'), ['READ User']],
  sum: [({ User }) => User.sum('age'), ['READ User']],
  aggregate: [
    ({ copy, User }) => User.aggregate('age', 'avg', { dataType: new copy.DataTypes.DOUBLE() }),
    ['READ User'],
  ],
  reload: [({ ann }) => ann.reload(), ['READ User 1']],
  'a find with rows of other models': [({ User }) => User.findAll({ include: ['Tags', 'Posts'] }), ['READ User 1']],
  'a find with rows of other models, by a query of their own': [
    async ({ ann, User }) => {
      await associated(ann)['createPost']?.({ title: 'p' });
      await User.findAll({ include: [{ association: 'Posts', separate: true }] });
    },
    ['CREATE Post 1', 'READ User 1', 'READ Post 1'],
  ],
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
  'what a many-to-many association creates, counts and looks for': [
    async ({ ann }) => {
      const green = await associated(ann)['createTag']?.({ label: 'green' });
      await associated(ann)['countTags']?.();
      await associated(ann)['hasTag']?.(green);
      await associated(ann)['getTags']?.();
    },
    ['CREATE Tag 3', 'READ UserTag', 'BULK_CREATE UserTag', 'READ Tag', 'READ Tag 3', 'READ Tag 3'],
  ],
  'a create with rows of other models': [
    ({ User }) => User.create({ name: 'Bob', Posts: [{ title: 'a' }] }, { include: ['Posts'] }),
    ['CREATE User 2', 'CREATE Post 1'],
  ],
  'a raw INSERT': [
    ({ sequelize }) => sequelize.query(`INSERT INTO ${quoted('Tags', sequelize)} (label) VALUES ('x')`),
    ['SQL Tags'],
  ],
  'SQL that Sequelize takes for a comment, in SQLite': [
    ({ sequelize }) => sequelize.query(`-- not sent\nINSERT INTO ${quoted('Tags', sequelize)} (label) VALUES ('x')`),
    [],
  ],
  'a raw UPDATE': [
    ({ sequelize }) =>
      sequelize.query(`UPDATE ${quoted('Tags', sequelize)} SET label = 'x'`, { type: QueryTypes.UPDATE }),
    ['SQL Tags'],
  ],
  'a raw UPDATE of no row': [
    ({ sequelize }) =>
      sequelize.query(`UPDATE ${quoted('Tags', sequelize)} SET label = 1 WHERE id = 99`, { type: QueryTypes.UPDATE }),
    [],
  ],
  'a raw DELETE': [
    ({ sequelize }) => sequelize.query(`DELETE FROM ${quoted('Tags', sequelize)} WHERE id = 1`),
    ['SQL Tags'],
  ],
  'a raw SELECT': [
    ({ sequelize }) => sequelize.query(`SELECT * FROM ${quoted('Tags', sequelize)}`, { type: QueryTypes.SELECT }),
    ['READ'],
  ],
  'a raw SELECT of instances of a model': [
    ({ sequelize, Tag }) =>
      sequelize.query(`SELECT * FROM ${quoted('Tags', sequelize)}`, { model: Tag, mapToModel: true }),
    ['READ Tag'],
  ],
  'a failing raw INSERT': [
    ({ sequelize }) =>
      sequelize.query(
        `INSERT INTO ${quoted('Users', sequelize)} (e_mail, ${quoted('createdAt', sequelize)}, ${quoted('updatedAt', sequelize)}) VALUES ('ann@x.org', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)`,
      ),
    ['SQL Users failure'],
  ],
  'queryInterface.bulkInsert': [
    ({ sequelize }) => queryInterfaceOf(sequelize).bulkInsert('Tags', [{ label: 'x' }]),
    ['BULK_CREATE Tag'],
  ],
  'queryInterface.bulkDelete': [
    ({ copy, sequelize }) => copy.bulkDelete(queryInterfaceOf(sequelize), 'Tags', { label: 'red' }),
    ['BULK_DELETE Tag'],
  ],
  'queryInterface.insert': [
    ({ sequelize }) => queryInterfaceOf(sequelize).insert(null, 'Tags', { label: 'x' }),
    ['CREATE Tag'],
  ],
  'queryInterface.bulkUpdate': [
    ({ sequelize }) => queryInterfaceOf(sequelize).bulkUpdate('Tags', { label: 'x' }, { label: 'red' }),
    ['BULK_UPDATE Tag'],
  ],
  'queryInterface.select': [
    ({ sequelize, Tag }) => queryInterfaceOf(sequelize).select(Tag as never, 'Tags', { where: { label: 'red' } }),
    ['READ Tag 1'],
  ],
  'queryInterface.rawSelect': [
    ({ sequelize }) =>
      queryInterfaceOf(sequelize).rawSelect(
        'Tags',
        { where: { label: 'red' }, attributes: ['label'] } as object,
        'label',
      ),
    ['READ Tag'],
  ],
  'a change of the schema': [
    async ({ copy, sequelize }) => {
      const queryInterface = queryInterfaceOf(sequelize);
      await queryInterface.addColumn('Tags', 'more', { type: copy.DataTypes.STRING });
      await queryInterface.removeColumn('Tags', 'more');
      await queryInterface.describeTable('Tags');
      await copy.listTables(queryInterface);
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
  'a create that validation rejects, without hooks': [
    ({ User }) => User.create({ age: -1 }, { hooks: false }),
    ['CREATE User failure'],
  ],
  'a bulkCreate that validation rejects': [
    ({ User }) => User.bulkCreate([{ age: -1 }, { age: 1 }, { age: -2 }], { validate: true }),
    ['BULK_CREATE User failure'],
  ],
  'an upsert that validation rejects': [({ User }) => User.upsert({ id: 1, age: -1 }), ['UPSERT User 1 failure']],
  'an update that validation rejects': [({ ann }) => ann.update({ age: -1 }), ['UPDATE User 1 failure']],
  'a bulk update that validation rejects': [
    ({ User }) => User.update({ age: -1 }, { where: {} }),
    ['BULK_UPDATE User failure'],
  ],
  'a validation alone': [({ User }) => User.build({ age: -1 }).validate(), []],
};
