import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { failureText, isRefusal, mayHaveBeenDone } from '../../src/capture/sequelize-error.ts';

/** As drivers throw them, in Sequelize's `parent`. */
const ERRORS = {
  'PostgreSQL: a duplicate': { code: '23505', severity: 'ERROR', message: 'duplicate key value' },
  'PostgreSQL: a serialization failure': { code: '40001', severity: 'ERROR', message: 'could not serialize access' },
  'PostgreSQL: nobody knows whether it was completed': { code: '40003', severity: 'ERROR', message: 'unknown' },
  'PostgreSQL: the connection broke': { message: 'Connection terminated unexpectedly' },
  'PostgreSQL: the driver no longer waits': { message: 'Query read timeout' },
  'MySQL: a duplicate': { errno: 1062, code: 'ER_DUP_ENTRY', message: "Duplicate entry 'a' for key 'b'" },
  'MySQL: a deadlock': { errno: 1213, code: 'ER_LOCK_DEADLOCK', message: 'Deadlock found' },
  'MySQL: the connection broke': { code: 'PROTOCOL_CONNECTION_LOST', message: 'Connection lost' },
  'MariaDB: the connection broke': { errno: 45009, code: 'ER_SOCKET_UNEXPECTED_CLOSE', message: 'socket has closed' },
  'SQL Server: a duplicate': { code: 'EREQUEST', number: 2627, message: 'Cannot insert duplicate key' },
  'SQL Server: a deadlock': { code: 'EREQUEST', number: 1205, message: 'Transaction was deadlocked' },
  'SQL Server: the connection broke': { code: 'ECONNCLOSED', message: 'Connection closed before request completed.' },
  'SQL Server: Sequelize broke the connection': {
    name: 'SequelizeAsyncQueueError',
    message: 'the connection was closed before this query could finish executing',
  },
  'SQL Server: Sequelize never sent it': {
    name: 'SequelizeAsyncQueueError',
    message: 'the connection was closed before this query could be executed',
  },
  'Oracle: a duplicate': { sql: '' },
  'Oracle: a deferred constraint': { code: 'ORA-02091', message: 'ORA-02091: transaction rolled back' },
  'Oracle: the connection broke': { code: 'NJS-500', message: 'NJS-500: connection to the Oracle server was closed' },
  'Oracle: the server broke the connection': { code: 'ORA-03113', message: 'ORA-03113: end-of-file' },
  'Db2: a duplicate': { sqlcode: -803, state: '23505', message: 'SQL0803N' },
  'Db2: the connection broke': { sqlcode: -30081, state: '08001', message: 'SQL30081N' },
  'any: the network broke': { code: 'ECONNRESET', message: 'read ECONNRESET' },
  'any: nobody listens': { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
  'SQLite: a duplicate': { code: 'SQLITE_CONSTRAINT', message: 'UNIQUE constraint failed' },
} as const;

const isLost = (name: string): boolean => /broke|no longer waits/.test(name);
const isRefused = (name: string): boolean => /PostgreSQL: a |a deadlock|a deferred/.test(name);

describe('a statement that failed', () => {
  for (const [name, parent] of Object.entries(ERRORS)) {
    it(`${isLost(name) ? 'may have been done' : 'was not done'}, ${name}`, () => {
      assert.equal(mayHaveBeenDone({ parent }, false), isLost(name));
    });

    it(`was undone in a transaction, ${name}`, () => assert.equal(mayHaveBeenDone({ parent }, true), false));
  }

  it('may have been done where Sequelize could not read the answer', () => {
    assert.equal(mayHaveBeenDone(new TypeError('results.map is not a function'), true), true);
  });

  it('was not done where it was told to ignore duplicates', () => {
    assert.equal(mayHaveBeenDone({ name: 'SequelizeEmptyResultError' }, false), false);
  });
});

describe('a COMMIT that failed', () => {
  for (const [name, parent] of Object.entries(ERRORS)) {
    it(`${isRefused(name) ? 'has undone all' : 'leaves it unknown'}, ${name}`, () => {
      assert.equal(isRefusal({ parent }), isRefused(name));
    });
  }
});

describe('the text of an error', () => {
  it("doesn't quote an invalid value that takes several lines", () => {
    const value = "{\n  card: '4711',\n  items: [ '4712' ]\n}";
    const message = `Validation error: ${value} is not a valid string. Only text is.,\nnotNull violation: Item.name cannot be null`;
    assert.equal(
      failureText({ message }),
      '? is not a valid string. Only text is.,\nnotNull violation: Item.name cannot be null',
    );
  });

  it("doesn't quote values", () => {
    const parent = { message: `Duplicate entry 'ann@x.org' for key 'email'` };
    assert.equal(failureText({ message: 'Validation error', parent }), 'Duplicate entry ? for key ?');
  });

  it("doesn't quote invalid values that Sequelize 7 names last", () => {
    const range = 'A range must either be an array with two elements, or an empty array for the empty range. Got';
    assert.equal(failureText({ message: `Validation error: ${range} '4711'.` }), `Validation error: ${range} ?`);
    const store = 'is not a valid hstore, its values must be strings but card is';
    assert.equal(failureText({ message: `{ card: 4711 } ${store} 4711` }), `? ${store} ?`);
  });

  it("leaves out the statement with its values, which MariaDB's driver adds", () => {
    const sqlMessage = 'Cannot add or update a child row';
    const message = `(conn:1, no: 1452) ${sqlMessage}\nsql: INSERT INTO t VALUES (?) - parameters:[4711]`;
    assert.equal(failureText({ message, parent: { message, sqlMessage } }), sqlMessage);
  });

  it("leaves it out also where MariaDB's driver itself has failed", () => {
    const message = 'Cannot execute new commands: connection closed\nsql: INSERT INTO t VALUES (?) - parameters:[4711]';
    assert.equal(failureText({ message, parent: { message } }), 'Cannot execute new commands: connection closed');
  });
});
