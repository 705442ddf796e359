import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { maskLiterals, readSql } from '../../src/capture/sequelize-sql.ts';

const MASKED: readonly (readonly [dialect: string, sql: string, masked: string])[] = [
  ['', "SELECT 'a', 'it''s', '' FROM t", 'SELECT ?, ?, ? FROM t'],
  ['', 'WHERE a = 1 AND b = -2.5e-10 AND c = 0xFF AND d = .5', 'WHERE a = ? AND b = -? AND c = ? AND d = ?'],
  ['', "VALUES (X'00ff', N'x', b'01')", 'VALUES (?, ?, ?)'],
  ['', 'UPDATE t1 SET col2 = $1, c = :name, d = ?, e = @p0', 'UPDATE t1 SET col2 = $1, c = :name, d = ?, e = @p0'],
  ['', "a = 1 -- the password is 'x'\n AND b", 'a = ?   AND b'],
  ['', "a /* 'secret' */ = 1", 'a   = ?'],
  ['', "a = 'never closed", 'a = ?'],
  ['', 'a /* never closed', 'a'],
  ['', String.raw`a = '\' AND b = 'x'`, 'a = ? AND b = ?'],
  ['postgres', '"user name" = \'x\'::text', '"user name" = ?::text'],
  ['postgres', 'a = $$it is $x$$ AND b = $tag$ $$ $tag$', 'a = ? AND b = ?'],
  ['postgres', String.raw`a = E'it\'s' AND b = 'x'`, 'a = ? AND b = ?'],
  ['postgres', "a /* outer /* inner */ 'secret' */ = 1", 'a   = ?'],
  ['mysql', String.raw`a = 'it\'s' AND b = "x\"y" # secret`, 'a = ? AND b = ?'],
  ['mysql', "`it's` = 'x'", "`it's` = ?"],
  ['mysql', "a = _utf8mb4'x'", 'a = ?'],
  ['mssql', "[it's] = 'x'", "[it's] = ?"],
  ['mssql', "[a]]b] = N'it''s' AND c = $12.50 AND d = @0", '[a]]b] = ? AND c = ? AND d = @0'],
  ['mssql', "$$ = 'x' AND a$$ = 'y'", '$$ = ? AND a$$ = ?'],
  ['oracle', "a = q'[it's]' AND b = nq'{it's}' AND c = Q'!it's!' AND d = :1", 'a = ? AND b = ? AND c = ? AND d = :1'],
  ['oracle', "a = q'[never closed", 'a = ?'],
  ['oracle', String.raw`a = '\' AND b = 'x'`, 'a = ? AND b = ?'],
  ['snowflake', String.raw`a = 'it\'s' AND b = $$it's$$ AND c = 'it''s' // secret`, 'a = ? AND b = ? AND c = ?'],
  ['db2', "a = X'00' AND b = 'it''s' AND c = ?", 'a = ? AND b = ? AND c = ?'],
  ['sqlite', 'UPDATE "Users" SET "name" = "secret"', 'UPDATE "Users" SET "name" = ?'],
];

const READ: readonly (readonly [sql: string, operation: string | undefined, table: string, dialect?: string])[] = [
  ["INSERT INTO users (a) VALUES ('x')", 'INSERT', 'users'],
  ['insert or ignore into "users" default values', 'INSERT', 'users'],
  ['INSERT INTO archive SELECT * FROM users', 'INSERT', 'archive'],
  ['UPDATE `app`.`users` SET a = 1', 'UPDATE', 'users'],
  ['UPDATE ONLY public.users SET a = 1', 'UPDATE', 'users'],
  ['DELETE FROM [users]', 'DELETE', 'users', 'mssql'],
  ['REPLACE INTO users VALUES (1)', 'REPLACE', 'users'],
  ['MERGE INTO users USING x ON 1 = 1', 'MERGE', 'users'],
  ['TRUNCATE TABLE users', 'TRUNCATE', 'users'],
  ['  -- a comment\n(SELECT 1)', 'SELECT', ''],
  ['WITH x AS (SELECT 1) UPDATE users SET a = 1', 'UPDATE', 'users'],
  ['WITH gone AS (DELETE FROM users RETURNING *) SELECT * FROM gone', 'DELETE', 'users'],
  ['WITH x AS (SELECT 1) SELECT * FROM x FOR UPDATE', 'SELECT', ''],
  ['SELECT * FROM users FOR UPDATE', 'SELECT', ''],
  ["SELECT replace(name, 'a', 'b') FROM users", 'SELECT', ''],
  ['SELECT * INTO archive FROM users', 'SELECT INTO', 'archive'],
  ['SELECT * INTO TEMP TABLE archive FROM users', 'SELECT INTO', 'archive'],
  ['SELECT id INTO @id FROM users', 'SELECT', '', 'mysql'],
  ['SELECT 1; DELETE FROM users; DELETE FROM others', 'DELETE', 'users'],
  ["BEGIN; UPDATE users SET a = 'x;y'; COMMIT", 'UPDATE', 'users'],
  ['IF 1 = 1 UPDATE users SET a = 1', 'UPDATE', 'users', 'mssql'],
  ['SELECT 1; DELETE FROM users', 'SELECT', '', 'sqlite'],
  ['SET NOCOUNT ON UPDATE users SET a = 1', 'UPDATE', 'users', 'mssql'],
  ['SELECT 1 DELETE TOP (10) FROM [users]', 'DELETE', 'users', 'mssql'],
  ['UPDATE TOP (10) PERCENT users SET a = 1', 'UPDATE', 'users', 'mssql'],
  ['SET IDENTITY_INSERT [users] ON; INSERT INTO [users] VALUES (1)', 'INSERT', 'users', 'mssql'],
  ['INSERT INTO #users SELECT 1', 'INSERT', 'users', 'mssql'],
  ['CREATE TABLE t (a INT REFERENCES users ON DELETE CASCADE)', undefined, '', 'mssql'],
  ['GRANT DELETE, UPDATE ON users TO x', undefined, '', 'mssql'],
  ['ALTER PROCEDURE p AS DELETE FROM users', undefined, '', 'mssql'],
  ['SELECT id FROM FINAL TABLE (INSERT INTO users (a) VALUES (1))', 'INSERT', 'users', 'db2'],
  ['SELECT * FROM OLD TABLE (DELETE FROM users)', 'DELETE', 'users', 'db2'],
  ['INSERT ALL INTO users VALUES (1) INTO others VALUES (2) SELECT 1 FROM dual', 'INSERT', 'users', 'oracle'],
  ['DECLARE x NUMBER; BEGIN UPDATE users SET a = 1; END;', 'UPDATE', 'users', 'oracle'],
  ['INSERT OVERWRITE INTO users SELECT 1', 'INSERT', 'users', 'snowflake'],
  ['CALL remove_user(7)', 'CALL', ''],
  ['CREATE TABLE users (id INT)', undefined, ''],
  ['CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE x SET a = 1; DELETE FROM y; END', undefined, ''],
  ['ALTER TABLE users ADD update_count INT', undefined, ''],
  ['PRAGMA table_info(users)', undefined, ''],
  ['SAVEPOINT a', undefined, ''],
  ['', undefined, ''],
];

describe('SQL in a record', () => {
  for (const [dialect, sql, masked] of MASKED) {
    it(`${dialect || 'in any dialect'}: ${sql} is shown as ${masked}`, () => {
      assert.equal(maskLiterals(sql, dialect), masked);
    });
  }

  it('is cut when it is long', () => {
    const { masked, operation } = readSql(`INSERT INTO t VALUES ${'(1, 2), '.repeat(100_000)}(3, 4)`);
    assert.equal(masked.length, 8193);
    assert.equal(operation, 'INSERT');
  });

  for (const sql of [
    "'",
    "''",
    '"',
    '/*',
    '/* /*',
    '$',
    '$a',
    '$$',
    '--',
    '-',
    '0x',
    '1e',
    '1_',
    'a',
    ' ',
    '(',
    '[',
    '\\',
    "E'\\",
    "q'",
    "q'[",
  ]) {
    it(`is read in a time that grows with its length alone: ${sql}`, () => {
      const started = performance.now();
      for (const dialect of ['postgres', 'mysql', 'mssql', 'sqlite', 'oracle', 'snowflake'])
        readSql(sql.repeat(200_000 / sql.length), dialect);
      assert.ok(performance.now() - started < 2000);
    });
  }

  it('never shows a quoted value', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom('postgres', 'sqlite', 'mssql', 'mysql', 'oracle', 'db2', 'snowflake'),
        (text, dialect) => {
          const doubled = `secret${text}secret`.replaceAll("'", "''");
          const value = dialect === 'mysql' || dialect === 'snowflake' ? doubled.replaceAll('\\', '\\\\') : doubled;
          assert.equal(
            maskLiterals(`UPDATE t SET a = '${value}' WHERE b = 'secret'`, dialect),
            'UPDATE t SET a = ? WHERE b = ?',
          );
        },
      ),
    );
  });

  it('is read whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom('postgres', 'mysql', 'mssql', 'sqlite', ''),
        (sql, dialect) => void readSql(sql, dialect),
      ),
    );
  });
});

describe('what SQL does', () => {
  for (const [sql, operation, table, dialect] of READ) {
    it(`${sql}: ${operation ?? 'nothing to rows'}${table && ` on ${table}`}`, () => {
      const read = readSql(sql, dialect);
      assert.deepEqual([read.operation, read.table], [operation, table]);
    });
  }

  it("doesn't take a question to the catalogue for a look at rows", () => {
    for (const sql of [
      'SELECT 1+1',
      'SELECT name FROM sqlite_master',
      'SELECT * FROM pg_class JOIN pg_enum ON 1 = 1',
      'SELECT * FROM information_schema.tables',
    ]) {
      assert.equal(readSql(sql).readsRows, false, sql);
    }
    for (const sql of [
      'SELECT * FROM users',
      'SELECT * FROM "users"',
      'SELECT 1 FROM a JOIN b',
      'SELECT (SELECT max(id) FROM users)',
    ]) {
      assert.equal(readSql(sql).readsRows, true, sql);
    }
  });
});
