import { describeDatabase } from '../support/database-suite.ts';
import { inMemory } from '../support/sqlite.ts';

describeDatabase('SQLite', inMemory, 1000);
