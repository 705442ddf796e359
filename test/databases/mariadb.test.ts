import { describeDatabase } from '../support/database-suite.ts';
import { startMariadb } from '../support/mariadb.ts';

describeDatabase('MariaDB', startMariadb, {
  // It is referred to.
  'Model.truncate': ['TRUNCATE Tag failure'],
  'SQL that Sequelize takes for a comment, in SQLite': ['SQL Tags'],
});
