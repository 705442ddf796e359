import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { rawStatement } from '../../src/capture/sequelize-raw.ts';
import type { SequelizeShape } from '../../src/capture/sequelize-shape.ts';
import { WRITES, affectedRows } from '../../src/capture/sequelize-statement.ts';

/** What Sequelize resolves to, by dialect and kind of query. */
const RESULTS: readonly (readonly [what: string, result: unknown, affected: number | undefined])[] = [
  ['a number', 3, 3],
  ['rows and a number', [[], 3], 3],
  ["PostgreSQL's answer", [[], { command: 'UPDATE', rowCount: 2 }], 2],
  ["MySQL's answer, twice", [{ affectedRows: 2 }, { affectedRows: 2 }], 2],
  ["MariaDB's answer in the place of the rows", [{ affectedRows: 2, warningStatus: 0 }, undefined], 2],
  ["SQLite's statement", [[], { changes: 1, lastID: 7 }], 1],
  ['rows alone', [[{ changes: 5 }]], undefined],
  ['nothing', undefined, undefined],
];

describe('the number of rows that a statement changed', () => {
  for (const [what, result, affected] of RESULTS) {
    it(`is ${affected ?? 'unknown'} in ${what}`, () => assert.equal(affectedRows(result), affected));
  }

  it('is not what a returned row says', () => {
    const statement = rawStatement('INSERT INTO t VALUES (1), (2) RETURNING *', { type: 'SELECT' }, 'postgres');
    assert.equal('affected' in (statement?.tell([{ changes: 1 }, { changes: 5 }])?.extra ?? {}), false);
  });
});

describe('a statement', () => {
  const sequelizeOf = (dialect: string, models: readonly object[] = []): SequelizeShape =>
    ({ dialect, returnsRows: dialect === 'postgres', models }) as SequelizeShape;
  const describing = WRITES as Record<string, (...args: unknown[]) => ReturnType<(typeof WRITES)[string]>>;

  it('says of an upsert only that the row was there: MySQL counts one also where nothing had to change', () => {
    const upsert = describing['upsert']?.(sequelizeOf('mysql'), 't', { a: 1 }, { a: 1 }, {}, {});
    assert.deepEqual(upsert?.tell([undefined, true])?.extra, { fields: ['a'] });
    assert.deepEqual(upsert.tell([undefined, false])?.extra, { fields: ['a'], created: false });
  });

  it('says that a table was emptied with all that refer to it, where the database does that', () => {
    const options = { truncate: true, cascade: true };
    const extraIn = (dialect: string): object | undefined =>
      describing['bulkDelete']?.(sequelizeOf(dialect), 't', {}, options)?.tell(0)?.extra;
    assert.deepEqual([extraIn('postgres'), extraIn('mysql')], [{ cascade: true }, {}]);
  });

  it('names the model of the schema, where two have a table of one name', () => {
    const modelIn = (name: string, schema: string): object => ({
      name,
      tableName: 't',
      _schema: schema,
      primaryKeyAttributes: [],
      fieldRawAttributesMap: {},
    });
    const sequelize = sequelizeOf('postgres', [modelIn('One', 'one'), modelIn('Two', 'two')]);
    const told = describing['bulkInsert']?.(sequelize, { tableName: 't', schema: 'two' }, [{ a: 1 }])?.tell([[], 1]);
    assert.equal(told?.model, 'Two');
  });
});
