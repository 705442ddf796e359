import { describeDatabase } from '../support/database-suite.ts';
import { sequelize7 } from '../support/sequelize-7.ts';
import { inMemory } from '../support/sqlite.ts';

describeDatabase(
  'SQLite, by Sequelize 7',
  inMemory,
  1000,
  {
    // It leaves them to the database.
    'instance.destroy with force and rows that depend on it': ['CREATE Post 1', 'DELETE User 1'],
    // It takes it for none.
    'SQL that Sequelize takes for a comment, in SQLite': ['SQL Tags'],
  },
  sequelize7,
);
