import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { placeIn } from '../../src/capture/sequelize-journal.ts';
import type { Fate } from '../../src/capture/sequelize-place.ts';
import type { QueryShape, TransactionShape } from '../../src/capture/sequelize-shape.ts';
import { type Control, controlIn, followQuery } from '../../src/capture/sequelize-transaction.ts';

const CONTROLS: Readonly<Record<string, Control | undefined>> = {
  'START TRANSACTION;': { does: 'begin' },
  'BEGIN DEFERRED TRANSACTION;': { does: 'begin' },
  'COMMIT;': { does: 'commit' },
  'COMMIT AND CHAIN': { does: 'commit' },
  'end work': { does: 'commit' },
  'ROLLBACK;': { does: 'rollback' },
  'ROLLBACK TRANSACTION;': { does: 'rollback' },
  'rollback and chain': { does: 'rollback' },
  ABORT: { does: 'rollback' },
  'SAVEPOINT "a-sp-1";': { does: 'savepoint', name: 'a-sp-1' },
  'savepoint `Mine`': { does: 'savepoint', name: 'mine' },
  'SAVE TRANSACTION [a-sp-1];': { does: 'savepoint', name: 'a-sp-1' },
  'RELEASE SAVEPOINT mine': { does: 'release', name: 'mine' },
  'ROLLBACK TO SAVEPOINT "a-sp-1";': { does: 'return', name: 'a-sp-1' },
  'ROLLBACK WORK TO mine': { does: 'return', name: 'mine' },
  'ROLLBACK TRANSACTION [a-sp-1];': { does: 'return', name: 'a-sp-1' },
  'SELECT 1': undefined,
  'UPDATE t SET a = 1': undefined,
};

describe('SQL that controls a transaction', () => {
  for (const [sql, control] of Object.entries(CONTROLS)) {
    it(`${sql}: ${control?.does ?? 'nothing'}`, () => assert.deepEqual(controlIn(sql), control));
  }
});

describe('the changes of a transaction', () => {
  const DEADLOCK = { parent: { errno: 1213 } };
  const REFUSED = [[], { command: 'ROLLBACK' }];

  it('are gone where PostgreSQL answers COMMIT with ROLLBACK', async () => {
    assert.deepEqual(await told('postgres', ['a', ['COMMIT', REFUSED]]), []);
  });

  it('are told where PostgreSQL answers COMMIT with COMMIT', async () => {
    assert.deepEqual(await told('postgres', ['a', ['COMMIT', [[], { command: 'COMMIT' }]]]), ['a']);
  });

  it('are gone with a deadlock in MySQL, also before its savepoint; what follows stands for itself', async () => {
    assert.deepEqual(await told('mysql', ['a', 'SAVEPOINT s', 'b', ['UPDATE', DEADLOCK], 'c', 'ROLLBACK']), ['c']);
  });

  it('stay to their savepoint with a deadlock in PostgreSQL', async () => {
    const deadlock = { parent: { code: '40P01', severity: 'ERROR' } };
    assert.deepEqual(
      await told('postgres', ['a', 'SAVEPOINT s', 'b', ['UPDATE', deadlock], 'ROLLBACK TO s', 'c', 'COMMIT']),
      ['a', 'c'],
    );
  });

  for (const sql of ['TRUNCATE `t`', 'create table t (a int)', 'ALTER TABLE t ADD b int', 'BEGIN']) {
    it(`are committed by ${sql} in MySQL, and stay when all is rolled back`, async () => {
      assert.deepEqual(await told('mysql', ['a', sql, 'ROLLBACK']), ['a']);
    });

    it(`are not committed by ${sql} in PostgreSQL`, async () => {
      assert.deepEqual(await told('postgres', ['a', sql, 'ROLLBACK']), []);
    });
  }

  it('are told at once after such a statement', async () => {
    assert.deepEqual(await told('mysql', ['DROP TABLE t', 'a']), ['a']);
  });

  it('are not committed by a temporary table in MySQL', async () => {
    assert.deepEqual(await told('mysql', ['a', 'CREATE TEMPORARY TABLE t (a int)', 'ROLLBACK']), []);
  });

  it('are unknown where such a statement fails', async () => {
    assert.deepEqual(await told('mysql', ['a', ['TRUNCATE t', { parent: { errno: 1701 } }], 'ROLLBACK']), [
      'a unknown',
    ]);
  });

  it('stand where a savepoint of the same name was released', async () => {
    const steps = ['SAVEPOINT s', 'a', 'SAVEPOINT s', 'b', 'RELEASE s', 'ROLLBACK TO s', 'c', 'COMMIT'];
    assert.deepEqual(await told('postgres', steps), ['c']);
  });

  it('go on in the next transaction where one is chained', async () => {
    assert.deepEqual(await told('postgres', ['a', 'COMMIT AND CHAIN', 'b', 'ROLLBACK']), ['a']);
  });

  it('wait again where the application begins another one', async () => {
    assert.deepEqual(await told('sqlite', ['a', 'COMMIT', '/* x */ BEGIN', 'b', 'ROLLBACK', 'c']), ['a', 'c']);
  });
});

describe('a query in a transaction', () => {
  it('has the result, the error and the methods that it has without us', async () => {
    for (const dialect of ['postgres', 'mysql']) {
      const query = queryOf(false);
      const sent = (run: () => Promise<unknown>): Promise<unknown> =>
        send({ query, sql: 'COMMIT', dialect, transaction: { id: 't' }, isRead: false, isDeletion: false }, run);
      assert.deepEqual(await sent(async () => (query.isRawQuery() ? [['row'], {}] : ['row'])), ['row']);
      await assert.rejects(
        sent(() => Promise.reject(new Error('no'))),
        { message: 'no' },
      );
      assert.deepEqual(Reflect.ownKeys(query), []);
      assert.equal(query.isRawQuery(), false);
    }
  });
});

async function send(query: Parameters<typeof followQuery>[0], run: () => Promise<unknown>): Promise<unknown> {
  const follow = followQuery(query);
  return follow ? follow(run()) : run();
}

function queryOf(isRaw: boolean): QueryShape {
  return Object.create({ run: () => Promise.resolve(), isRawQuery: () => isRaw, connection: {} }) as QueryShape;
}

/** What is told of the steps: a name is a change, a text is SQL that succeeds, or fails with the error that is given with it. */
async function told(
  dialect: string,
  steps: readonly (string | readonly [sql: string, end: object])[],
): Promise<string[]> {
  const seen: string[] = [];
  const transaction: TransactionShape = { id: 't' };
  for (const step of steps) {
    if (typeof step === 'string' && step.length === 1) {
      const tell = (fate: Fate): void => {
        if (fate !== 'rollback') seen.push(fate === 'commit' ? step : `${step} ${fate}`);
      };
      placeIn(transaction).hold({ tell, kind: '', rows: 1, tellAll: () => assert.fail() });
      continue;
    }
    const [sql, end] = typeof step === 'string' ? [step, []] : step;
    const run = (): Promise<unknown> => ('parent' in end ? Promise.reject(end) : Promise.resolve(end));
    await send({ query: queryOf(true), sql, dialect, transaction, isRead: false, isDeletion: false }, run).catch(
      () => {},
    );
  }
  return seen;
}
