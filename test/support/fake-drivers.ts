import { EventEmitter } from 'node:events';

/** What a server says to one statement: rows that it returns, and how many it changed. */
export interface ServerAnswer {
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  readonly affected?: number;
  /** Of Oracle: what `RETURNING … INTO` gives, a list for each variable. */
  readonly returned?: readonly (readonly unknown[])[];
  readonly error?: Error;
}

/** Plays the server. It is asked for transactions in words of SQL, too, where a driver has methods for them. */
export type Server = (sql: string) => ServerAnswer;

type Callback = (error: Error | null | undefined, ...answer: unknown[]) => void;

/**
 * Drivers for Sequelize's `dialectModule` that answer as the real ones do, as far as Sequelize 6 asks, for servers that
 * no machine of ours has.
 */
export const FAKE_DRIVERS: Readonly<Record<string, (server: Server) => object>> = { mssql, oracle, db2, snowflake };

/** `tedious`. */
function mssql(server: Server): object {
  class Connection extends EventEmitter {
    readonly STATE = { INITIALIZED: 'initialized' };
    state: unknown = 'initialized';

    connect(): void {
      this.state = { name: 'LoggedIn' };
      queueMicrotask(() => this.emit('connect'));
    }

    beginTransaction(callback: Callback): void {
      callback(server('BEGIN TRANSACTION').error);
    }

    commitTransaction(callback: Callback): void {
      callback(server('COMMIT TRANSACTION').error);
    }

    rollbackTransaction(callback: Callback, name?: string): void {
      callback(server(`ROLLBACK TRANSACTION ${name ?? ''}`.trim()).error);
    }

    saveTransaction(callback: Callback, name: string): void {
      callback(server(`SAVE TRANSACTION ${name}`).error);
    }

    close(): void {
      this.emit('end');
    }

    execSql(request: Request): void {
      const { rows = [], affected = rows.length, error } = server(request.sql);
      for (const row of rows) {
        const columns = Object.entries(row).map(([colName, value]) => ({ metadata: { colName, type: {} }, value }));
        request.emit('row', columns);
      }
      request.callback(error, affected);
    }
  }

  class Request extends EventEmitter {
    readonly sql: string;
    readonly callback: Callback;

    constructor(sql: string, callback: Callback) {
      super();
      this.sql = sql;
      this.callback = callback;
    }

    addParameter(): void {}
  }

  return { Connection, Request, TYPES: {}, ISOLATION_LEVEL: {} };
}

/** `oracledb`. */
function oracle(server: Server): object {
  const execute = async (sql: string): Promise<object> => {
    const { rows, affected, returned, error } = server(sql);
    if (error) throw error;
    return rows ? { rows, metaData: [{ name: 'ID' }] } : { rowsAffected: affected, outBinds: returned };
  };
  const connection = {
    oracleServerVersionString: '21.3.0.0.0',
    isHealthy: () => true,
    on() {},
    execute,
    executeMany: execute,
    commit: () => execute('COMMIT'),
    rollback: () => execute('ROLLBACK'),
    close: (callback: Callback) => callback(null),
  };
  return { getConnection: async () => connection };
}

/** `ibm_db`. */
function db2(server: Server): object {
  class Database {
    readonly connected = true;

    open(_options: object, callback: Callback): void {
      callback(null);
    }

    close(callback: Callback): void {
      callback(null);
    }

    beginTransaction(callback: Callback): void {
      callback(server('BEGIN').error);
    }

    commitTransaction(callback: Callback): void {
      callback(server('COMMIT').error);
    }

    rollbackTransaction(callback: Callback): void {
      callback(server('ROLLBACK').error);
    }

    prepare(sql: string, prepared: Callback): void {
      prepared(null, {
        execute(_parameters: unknown, executed: Callback) {
          const { rows = [], affected = 0, error } = server(sql);
          executed(error, {
            getAffectedRowsSync: () => affected,
            fetchAllSync: () => rows,
            getColumnMetadataSync: () =>
              Object.keys(rows[0] ?? {}).map((name) => ({ SQL_DESC_NAME: name, SQL_DESC_TYPE_NAME: 'VARCHAR' })),
            closeSync() {},
          });
        },
        closeSync() {},
      });
    }
  }
  return { Database };
}

/** `snowflake-sdk`. */
function snowflake(server: Server): object {
  const connection = {
    isUp: () => true,
    getId: () => 'one',
    destroy: (callback: Callback) => callback(null),
    execute({
      sqlText,
      complete,
    }: {
      sqlText: string;
      complete: (error: unknown, statement: object, rows: unknown) => void;
    }) {
      const { rows, error } = server(sqlText);
      complete(error, {}, rows);
    },
  };
  return { createConnection: () => ({ connect: (callback: Callback) => callback(null, connection) }) };
}
