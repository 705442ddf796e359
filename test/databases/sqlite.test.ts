import { sqlite } from '../../examples/sqlite.js';
import type { DatabaseServer } from '../support/database-server.ts';
import { describeDatabase } from '../support/database-suite.ts';

const inMemory: DatabaseServer = {
  options: { dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false },
  stop: async () => undefined,
};

describeDatabase('SQLite', async () => inMemory, 1000);
