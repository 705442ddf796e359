/**
 * What the database itself says was committed. Triggers write each changed row into a table, within the transaction
 * that changes it: where that is rolled back, so is what they wrote.
 */
import { open } from '../../sqlite.js';

/** @typedef {{ model: string, operation: 'INSERT' | 'UPDATE' | 'DELETE', key: string }} RowChange */

/** @param {string} file */
export function installJournal(file) {
  const database = open(file, false);
  database.exec('CREATE TABLE journal (model TEXT, operation TEXT, key TEXT)');
  for (const table of tablesOf(database)) {
    const columns = keyColumnsOf(database, table);
    for (const operation of ['INSERT', 'UPDATE', 'DELETE']) database.exec(triggerFor(table, operation, columns));
  }
  database.close();
}

/**
 * @param {string} file
 * @returns {RowChange[]}
 */
export function readJournal(file) {
  return read(file, 'SELECT model, operation, key FROM journal ORDER BY rowid');
}

/** @param {string} file */
export function readPasswordHashes(file) {
  return read(file, 'SELECT passwordHash FROM User').map(({ passwordHash }) => passwordHash);
}

function triggerFor(table, operation, keyColumns) {
  const row = operation === 'DELETE' ? 'OLD' : 'NEW';
  const key = keyColumns.map((column) => `${row}."${column}"`).join(" || ',' || ");
  return `CREATE TRIGGER "${operation} ${table}" AFTER ${operation} ON "${table}"
    BEGIN INSERT INTO journal VALUES ('${table}', '${operation}', ${key}); END`;
}

function tablesOf(database) {
  const sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'journal'";
  return database.all(sql, []).map(({ name }) => name);
}

function keyColumnsOf(database, table) {
  return database
    .all('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk', [table])
    .map(({ name }) => name);
}

function read(file, sql) {
  const database = open(file, true);
  const rows = database.all(sql, []);
  database.close();
  return rows;
}
