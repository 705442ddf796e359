import { describeDatabase } from '../support/database-suite.ts';
import { startMariadb } from '../support/mariadb.ts';

for (const dialect of ['mariadb', 'mysql'] as const) {
  describeDatabase(`MariaDB, by the dialect ${dialect}`, () => startMariadb(dialect), 250, {
    // It is referred to.
    'Model.truncate': ['TRUNCATE Tag failure'],
    'SQL that Sequelize takes for a comment, in SQLite': ['SQL Tags'],
  });
}
