import assert from 'node:assert/strict';

import type { ModelAttributes, Sequelize } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { Json } from '../../src/event/event.ts';
import { type SequelizeCopy, dialectOf } from './sequelize-copy.ts';
import { takeRecords } from './sequelize-records.ts';

/** A value as an application gives it, another one, and both as records show them. */
interface Typed {
  readonly type: ModelAttributes[string];
  readonly given: readonly [unknown, unknown];
  readonly shown: readonly [Json, Json];
}

const same = (type: Typed['type'], ...values: readonly [Json, Json]): Typed => ({ type, given: values, shown: values });

const everywhere = (DataTypes: SequelizeCopy['DataTypes']): Readonly<Record<string, Typed>> => ({
  big: same(DataTypes.BIGINT, '900719925474099', '-900719925474098'),
  price: { type: DataTypes.DECIMAL(10, 2), given: ['12.50', 1.25], shown: ['12.50', '1.25'] },
  float: same(DataTypes.DOUBLE, 1.5, 2.25),
  flag: same(DataTypes.BOOLEAN, true, false),
  at: {
    type: DataTypes.DATE(6),
    given: [new Date('2026-01-02T03:04:05.678Z'), new Date('2026-02-03T04:05:06.789Z')],
    shown: ['2026-01-02T03:04:05.678Z', '2026-02-03T04:05:06.789Z'],
  },
  day: same(DataTypes.DATEONLY, '2026-01-02', '2026-02-03'),
  time: same(DataTypes.TIME, '03:04:05', '04:05:06'),
  bytes: {
    type: DataTypes.BLOB,
    given: [Buffer.from('one'), Buffer.from('two')],
    shown: ['Binary content', 'Binary content'],
  },
  kind: same(DataTypes.ENUM('a', 'b'), 'a', 'b'),
  settings: same(DataTypes.JSON, { a: { b: 1 }, list: [1, 2] }, { a: { b: 2 }, list: [1] }),
  text: same(DataTypes.TEXT, 'one\nand more', 'zwölf €'),
  uuid: same(DataTypes.UUID, '7b0c9c1e-0000-4000-8000-000000000001', '7b0c9c1e-0000-4000-8000-000000000002'),
  got: {
    type: { type: DataTypes.STRING, get: () => 'what a getter makes of it' },
    given: ['one', 'two'],
    shown: ['one', 'two'],
  },
});

const ofMysql = (DataTypes: SequelizeCopy['DataTypes']): Readonly<Record<string, Typed>> => ({
  huge: same(DataTypes.BIGINT, '9007199254740993', '-9007199254740995'),
  place: same(
    DataTypes.GEOMETRY('POINT'),
    { type: 'Point', coordinates: [1, 2] },
    { type: 'Point', coordinates: [3, 4] },
  ),
});

/** Without GEOMETRY: that is PostGIS there, which Debian has in a package of its own and the tests don't install. */
const ofPostgres = (DataTypes: SequelizeCopy['DataTypes']): Readonly<Record<string, Typed>> => ({
  huge: same(DataTypes.BIGINT, '9007199254740993', '-9007199254740995'),
  tags: same(DataTypes.ARRAY(DataTypes.STRING), ['x', 'y'], ['x']),
  binary: same(DataTypes.JSONB, { z: 1 }, { z: [2] }),
  address: same(DataTypes.INET, '10.0.0.1', '10.0.0.2'),
});

const OF_DIALECT: Readonly<Record<string, typeof everywhere>> = {
  postgres: ofPostgres,
  mariadb: ofMysql,
  mysql: ofMysql,
};

/** Of all but prices. What JSON holds is told of by its paths. */
function changesOf(typed: Readonly<Record<string, Typed>>): Record<string, readonly [Json, Json]> {
  const all = Object.fromEntries(Object.entries(typed).map(([name, { shown }]) => [name, shown]));
  const { price: _price, settings, binary, place, ...flat } = all;
  assert.ok(settings);
  return {
    ...flat,
    'settings.a.b': [1, 2],
    'settings.list': [[1, 2], [1]],
    ...(binary && { 'binary.z': [1, [2]] }),
    ...(place && {
      'place.coordinates': [
        [1, 2],
        [3, 4],
      ],
    }),
  };
}

/**
 * Creates, finds, changes and deletes a row with a column of each type, and compares what the records show.
 *
 * @param beforeImages whether it is changed and deleted as one of many rows, which are selected before
 */
export async function assertTypesShown(database: Sequelize, copy: SequelizeCopy, beforeImages = false): Promise<void> {
  const sequelize = auditSequelize(database, { beforeImages });
  const { DataTypes } = copy;
  const dialect = dialectOf(sequelize);
  const all = { ...everywhere(DataTypes), ...OF_DIALECT[dialect]?.(DataTypes) };
  const lacking = copy.lacks(dialect);
  const typed = Object.fromEntries(Object.entries(all).filter(([name]) => !lacking.includes(name)));
  const of = <T>(take: (one: Typed) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(typed).map(([name, one]) => [name, take(one)]));
  const Thing = sequelize.define(
    'Thing',
    { ...of(({ type }) => type), virtual: { type: DataTypes.VIRTUAL, get: () => 'never stored' } },
    { timestamps: false },
  );
  try {
    await sequelize.sync({ force: true });
    takeRecords();
    const { id } = (await Thing.create(of(({ given }) => given[0]))).get() as { id: number };
    const thing = (await Thing.findByPk(id)) ?? assert.fail();
    const changed = of(({ given }) => given[1]);
    await (beforeImages ? Thing.update(changed, { where: { id } }) : thing.update(changed));
    await (beforeImages ? Thing.destroy({ where: { id } }) : thing.destroy());
    const [created, found, updated, deleted] = takeRecords();
    const before: Record<string, Json> = { id, ...of(({ shown }) => shown[0]) };
    const after: Record<string, Json> = { id, ...of(({ shown }) => shown[1]) };
    assert.deepEqual(created?.instance_repr, before);
    // SQLite has no decimals: it keeps 12.5.
    assert.deepEqual({ ...found?.instance_repr, ...('price' in before && { price: before['price'] }) }, before);
    assert.deepEqual(updated?.instance_repr, after);
    const { price, ...changes } = updated.changes ?? assert.fail();
    assert.equal(price && Number(price[0]), 'price' in typed ? 12.5 : undefined);
    assert.deepEqual(changes, changesOf(typed));
    assert.deepEqual(deleted?.instance_repr, after);
  } finally {
    await sequelize.close();
  }
}
