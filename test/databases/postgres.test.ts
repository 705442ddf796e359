import { describeDatabase } from '../support/database-suite.ts';
import { startPostgres } from '../support/postgres.ts';

describeDatabase('PostgreSQL', startPostgres, 500, {
  // It is referred to.
  'Model.truncate': ['TRUNCATE Tag failure'],
  'SQL that Sequelize takes for a comment, in SQLite': ['SQL Tags'],
});
