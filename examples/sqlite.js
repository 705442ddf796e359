// @ts-check
/**
 * A SQLite for Sequelize's `dialectModule` that needs no compiler: the part of the package `sqlite3` that Sequelize 6
 * uses, over `node:sqlite` where Node has it (22.13 and later without a flag), else over `node-sqlite3-wasm`.
 *
 * A connection that finds the database locked by another one waits for its turn, as with the real driver. Where two
 * transactions may meet, give Sequelize `transactionType: 'IMMEDIATE'` too: of two that have both read and then both
 * want to write, none could go on.
 *
 * @example
 * new Sequelize({ dialect: 'sqlite', storage: 'blog.sqlite', dialectModule: sqlite, transactionType: 'IMMEDIATE' });
 */
import { createRequire } from 'node:module';

/**
 * @typedef {null | number | bigint | string | Uint8Array} Value
 * @typedef {Value[] | Record<string, Value>} Bound
 * @typedef {readonly unknown[] | Readonly<Record<string, unknown>>} Params
 * @typedef {Record<string, unknown>} Row
 * @typedef {(this: Statement, error: Error | null, rows?: Row[]) => void} Callback
 * @typedef {Error & { code: string, errno: number }} SqliteError
 */

/**
 * @typedef {object} Engine
 * @property {(sql: string, params: Bound) => { changes: number, lastID: number }} run
 * @property {(sql: string, params: Bound) => Row[]} all
 * @property {(sql: string) => void} exec
 * @property {() => void} close
 */

/** @typedef {(filename: string, readOnly: boolean) => Engine} Open */

const OPEN_READONLY = 1;
const OPEN_READWRITE = 2;
const OPEN_CREATE = 4;

/** How long a statement waits for another connection, and how often it looks. */
const BUSY_TIMEOUT_MS = 5000;
const BUSY_POLL_MS = 2;

/** What `this` is in a callback. Sequelize looks at the name of the class to know the ids of a bulk insert. */
class Statement {
  /** @type {number | undefined} */
  lastID;
  /** @type {number | undefined} */
  changes;
}

/** Statements run at once and in order, callbacks come in a later turn of the event loop, as with the real driver. */
class Database {
  /** @type {Engine | undefined} */
  #engine;

  /**
   * @param {string} filename
   * @param {number} [mode]
   * @param {(error: Error | null) => void} [callback]
   */
  constructor(filename, mode, callback) {
    this.filename = filename;
    const error = attempt(() => {
      this.#engine = open(filename, mode === OPEN_READONLY);
    });
    setImmediate(() => callback?.(error));
  }

  /**
   * @param {string} sql
   * @param {Params | Callback} [params]
   * @param {Callback} [callback]
   * @returns {this}
   */
  run(sql, params, callback) {
    if (typeof params === 'function') return this.run(sql, [], params);
    const statement = new Statement();
    whenFree(
      () => void Object.assign(statement, this.#opened().run(sql, bound(params))),
      (error) => callback?.call(statement, error),
    );
    return this;
  }

  /**
   * @param {string} sql
   * @param {Params | Callback} [params]
   * @param {Callback} [callback]
   * @returns {this}
   */
  all(sql, params, callback) {
    if (typeof params === 'function') return this.all(sql, [], params);
    /** @type {Row[] | undefined} */
    let rows;
    whenFree(
      () => void (rows = this.#opened().all(sql, bound(params))),
      (error) => callback?.call(new Statement(), error, rows),
    );
    return this;
  }

  /**
   * @param {string} sql any number of statements
   * @param {Callback} [callback]
   */
  exec(sql, callback) {
    whenFree(
      () => this.#opened().exec(sql),
      (error) => callback?.call(new Statement(), error),
    );
    return this;
  }

  /** @param {() => void} [callback] */
  serialize(callback) {
    callback?.();
  }

  /** @param {(error: Error | null) => void} [callback] */
  close(callback) {
    const error = attempt(() => this.#opened().close());
    this.#engine = undefined;
    setImmediate(() => callback?.(error));
  }

  #opened() {
    if (!this.#engine) throw Object.assign(new Error('Database is closed'), { errcode: 21 });
    return this.#engine;
  }
}

/**
 * Give this to Sequelize as `dialectModule`.
 *
 * @type {object}
 */
export const sqlite = {
  Database,
  OPEN_READONLY,
  OPEN_READWRITE,
  OPEN_CREATE,
  OPEN_FULLMUTEX: 0x1_00_00,
  verbose: () => sqlite,
};

/**
 * Opens a database without a wrapping: `run`, `all`, `exec` and `close` return or throw at once.
 *
 * @type {Open}
 */
export const open = nodeSqlite() ?? wasmSqlite();

/** @returns {Open | undefined} */
function nodeSqlite() {
  const module = withoutWarning(() => process.getBuiltinModule('node:sqlite'));
  return module && ((filename, readOnly) => nodeEngine(new module.DatabaseSync(filename, { readOnly })));
}

/**
 * @param {import('node:sqlite').DatabaseSync} database
 * @returns {Engine}
 */
function nodeEngine(database) {
  return {
    run(sql, params) {
      const statement = database.prepare(sql);
      const { changes, lastInsertRowid } = Array.isArray(params) ? statement.run(...params) : statement.run(params);
      return { changes: Number(changes), lastID: Number(lastInsertRowid) };
    },
    all(sql, params) {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      return (Array.isArray(params) ? statement.all(...params) : statement.all(params)).map(plainRow);
    },
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
  };
}

/** @returns {Open} */
function wasmSqlite() {
  const wasm = createRequire(import.meta.url)('node-sqlite3-wasm');
  return (filename, readOnly) => {
    const database = new wasm.Database(filename, { readOnly });
    return {
      run(sql, params) {
        const { changes, lastInsertRowid } = database.run(sql, params);
        return { changes, lastID: Number(lastInsertRowid) };
      },
      all: (sql, params) => database.all(sql, params).map(plainRow),
      exec: (sql) => database.exec(sql),
      close: () => database.close(),
    };
  };
}

/**
 * Node says once a process that `node:sqlite` is experimental.
 *
 * @template T
 * @param {() => T} fn
 */
function withoutWarning(fn) {
  /** @type {{ emitWarning: unknown }} */
  const host = process;
  const { emitWarning } = host;
  host.emitWarning = () => undefined;
  try {
    return fn();
  } finally {
    host.emitWarning = emitWarning;
  }
}

/**
 * Calls `fn` as soon as no other connection is in its way, and `done` in a later turn of the event loop.
 *
 * @param {() => void} fn
 * @param {(error: Error | null) => void} done
 */
function whenFree(fn, done, deadline = Date.now() + BUSY_TIMEOUT_MS) {
  const error = attempt(fn);
  if (error?.code === 'SQLITE_BUSY' && Date.now() < deadline) setTimeout(whenFree, BUSY_POLL_MS, fn, done, deadline);
  else setImmediate(done, error);
}

/**
 * Calls `fn`; what it throws comes back as `sqlite3` words it: `SQLITE_CONSTRAINT: UNIQUE constraint failed: Users.email`.
 *
 * @param {() => void} fn
 * @returns {SqliteError | null}
 */
function attempt(fn) {
  try {
    fn();
    return null;
  } catch (error) {
    const { message, errcode } = /** @type {Error & { errcode?: number }} */ (error);
    const errno = resultCode(message, errcode);
    const code = NAMES[errno] ?? 'SQLITE_ERROR';
    return Object.assign(new Error(`${code}: ${message}`), { code, errno });
  }
}

/**
 * The names of SQLite's result codes, https://www.sqlite.org/rescode.html
 *
 * @type {Readonly<Record<number, string>>}
 */
const NAMES = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  21: 'SQLITE_MISUSE',
  25: 'SQLITE_RANGE',
};

/**
 * @param {string} message
 * @param {number} [errcode] the extended result code, which only `node:sqlite` tells
 */
function resultCode(message, errcode) {
  if (errcode !== undefined) return errcode & 0xff;
  if (/constraint failed/i.test(message)) return 19;
  if (/database is locked/i.test(message)) return 5;
  return /could not open/i.test(message) ? 14 : 1;
}

/**
 * @param {Params} [params]
 * @returns {Bound}
 */
function bound(params = []) {
  return Array.isArray(params)
    ? params.map(toValue)
    : Object.fromEntries(Object.entries(params).map(([name, value]) => [name, toValue(value)]));
}

/**
 * @param {unknown} value
 * @returns {Value}
 */
function toValue(value) {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : /** @type {Value} */ (value);
}

/**
 * Numbers as doubles and blobs as buffers, as `sqlite3` gives them.
 *
 * @param {Row} row
 */
function plainRow(row) {
  /** @type {Row} */
  const plain = {};
  for (const name of Object.keys(row)) plain[name] = plainValue(row[name]);
  return plain;
}

/** @param {unknown} value */
function plainValue(value) {
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
