import { sqlite } from '../../examples/sqlite.js';
import type { DatabaseServer } from './database-server.ts';

/** SQLite in memory, which needs no server: each connection has a database of its own. */
export async function inMemory(): Promise<DatabaseServer> {
  return {
    options: { dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false },
    stop: async () => undefined,
  };
}
