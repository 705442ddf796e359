import { describeDatabase } from '../support/database-suite.ts';
import { startPostgres } from '../support/postgres.ts';
import { sequelize7 } from '../support/sequelize-7.ts';

describeDatabase(
  'PostgreSQL, by Sequelize 7',
  startPostgres,
  500,
  {
    // It is referred to.
    'Model.truncate': ['TRUNCATE Tag failure'],
    // It leaves them to the database.
    'instance.destroy with force and rows that depend on it': ['CREATE Post 1', 'DELETE User 1'],
    'SQL that Sequelize takes for a comment, in SQLite': ['SQL Tags'],
  },
  sequelize7,
);
