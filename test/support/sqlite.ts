/**
 * A SQLite for Sequelize's `dialectModule` that needs no compiler: the part of the package `sqlite3` that Sequelize 6
 * uses, over `node:sqlite` where Node has it (22.13 and later without a flag), else over `node-sqlite3-wasm`.
 *
 * @example
 * new Sequelize({ dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite });
 */
import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';

type Value = null | number | bigint | string | Uint8Array;
type Row = Record<string, unknown>;
type Params = readonly unknown[] | Readonly<Record<string, unknown>>;
type Callback = (this: Statement, error: Error | null, rows?: Row[]) => void;

interface Outcome {
  rows?: Row[];
  changes?: number;
  lastID?: number;
}

interface Engine {
  run(sql: string, params: Bound): Outcome;
  all(sql: string, params: Bound): Outcome;
  exec(sql: string): void;
  close(): void;
}

type Bound = Value[] | Record<string, Value>;

const OPEN_READONLY = 1;
const OPEN_READWRITE = 2;
const OPEN_CREATE = 4;

/** What `this` is in a callback. Sequelize looks at the name of the class to know the ids of a bulk insert. */
class Statement {
  declare lastID?: number;
  declare changes?: number;
}

/** Statements run at once and in order, callbacks come in a later turn of the event loop, as with the real driver. */
class Database {
  readonly filename: string;
  private engine: Engine | undefined;

  constructor(filename: string, mode?: number, callback?: (error: Error | null) => void) {
    this.filename = filename;
    const error = attempt(() => {
      this.engine = open(filename, mode === OPEN_READONLY);
    });
    setImmediate(() => callback?.(error));
  }

  run(sql: string, params?: Params | Callback, callback?: Callback): this {
    return this.execute('run', sql, params, callback);
  }

  all(sql: string, params?: Params | Callback, callback?: Callback): this {
    return this.execute('all', sql, params, callback);
  }

  exec(sql: string, callback?: Callback): this {
    const error = attempt(() => this.opened().exec(sql));
    setImmediate(() => callback?.call(new Statement(), error));
    return this;
  }

  serialize(callback?: () => void): void {
    callback?.();
  }

  close(callback?: (error: Error | null) => void): void {
    const error = attempt(() => this.opened().close());
    this.engine = undefined;
    setImmediate(() => callback?.(error));
  }

  private execute(method: 'run' | 'all', sql: string, params?: Params | Callback, callback?: Callback): this {
    if (typeof params === 'function') return this.execute(method, sql, [], params);
    const statement = new Statement();
    let rows: Row[] | undefined;
    const error = attempt(() => {
      const outcome = this.opened()[method](sql, bound(params ?? []));
      rows = outcome.rows;
      if (outcome.changes !== undefined) Object.assign(statement, { changes: outcome.changes, lastID: outcome.lastID });
    });
    setImmediate(() => callback?.call(statement, error, rows));
    return this;
  }

  private opened(): Engine {
    if (!this.engine) throw Object.assign(new Error('Database is closed'), { errcode: 21 });
    return this.engine;
  }
}

/** Give this to Sequelize as `dialectModule`. */
export const sqlite: object = {
  Database,
  OPEN_READONLY,
  OPEN_READWRITE,
  OPEN_CREATE,
  OPEN_FULLMUTEX: 0x1_00_00,
  verbose: (): object => sqlite,
};

type Open = (filename: string, readOnly: boolean) => Engine;

const open: Open = nodeSqlite() ?? wasmSqlite();

function nodeSqlite(): Open | undefined {
  const module = withoutWarning(() => process.getBuiltinModule('node:sqlite')) as
    | { DatabaseSync: typeof DatabaseSync }
    | undefined;
  return module && ((filename, readOnly) => nodeEngine(new module.DatabaseSync(filename, { readOnly })));
}

function nodeEngine(database: DatabaseSync): Engine {
  return {
    run(sql, params) {
      const statement = database.prepare(sql);
      const { changes, lastInsertRowid } = Array.isArray(params) ? statement.run(...params) : statement.run(params);
      return { changes: Number(changes), lastID: Number(lastInsertRowid) };
    },
    all(sql, params) {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      const rows = Array.isArray(params) ? statement.all(...params) : statement.all(params);
      return { rows: rows.map(plainRow) };
    },
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
  };
}

interface WasmDatabase {
  run(sql: string, params: Bound): { changes: number; lastInsertRowid: number | bigint };
  all(sql: string, params: Bound): Record<string, unknown>[];
  exec(sql: string): void;
  close(): void;
}

function wasmSqlite(): Open {
  const { Database: Wasm } = createRequire(import.meta.url)('node-sqlite3-wasm') as {
    Database: new (filename: string, options: { readOnly: boolean }) => WasmDatabase;
  };
  return (filename, readOnly) => {
    const database = new Wasm(filename, { readOnly });
    return {
      run(sql, params) {
        const { changes, lastInsertRowid } = database.run(sql, params);
        return { changes, lastID: Number(lastInsertRowid) };
      },
      all: (sql, params) => ({ rows: database.all(sql, params).map(plainRow) }),
      exec: (sql) => database.exec(sql),
      close: () => database.close(),
    };
  };
}

/** Node says once a process that `node:sqlite` is experimental. */
function withoutWarning<T>(fn: () => T): T {
  const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  process.emitWarning = () => undefined;
  try {
    return fn();
  } finally {
    if (emitWarning) Object.defineProperty(process, 'emitWarning', emitWarning);
    else Reflect.deleteProperty(process, 'emitWarning');
  }
}

/** Runs `fn`; what it throws comes back as `sqlite3` words it: `SQLITE_CONSTRAINT: UNIQUE constraint failed: Users.email`. */
function attempt(fn: () => void): Error | null {
  try {
    fn();
    return null;
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    const code = codeOf(message, errcode);
    return Object.assign(new Error(`${code}: ${message}`), { code, errno: errcode === undefined ? 1 : errcode & 0xff });
  }
}

const CODES: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  21: 'SQLITE_MISUSE',
  25: 'SQLITE_RANGE',
};

function codeOf(message: string, errcode: number | undefined): string {
  if (errcode !== undefined) return CODES[errcode & 0xff] ?? 'SQLITE_ERROR';
  if (/constraint failed/i.test(message)) return 'SQLITE_CONSTRAINT';
  return /database is locked/i.test(message) ? 'SQLITE_BUSY' : 'SQLITE_ERROR';
}

function bound(params: Params): Bound {
  return Array.isArray(params)
    ? params.map(toValue)
    : Object.fromEntries(Object.entries(params).map(([name, value]) => [name, toValue(value)]));
}

function toValue(value: unknown): Value {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : (value as Value);
}

/** Numbers as doubles and blobs as buffers, as `sqlite3` gives them. */
function plainRow(row: Record<string, unknown>): Row {
  const plain: Row = {};
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (typeof value === 'bigint') plain[name] = Number(value);
    else if (value instanceof Uint8Array) plain[name] = Buffer.from(value);
    else plain[name] = value;
  }
  return plain;
}
