import path from 'node:path';

import mariadb from 'mariadb';
import mysql2 from 'mysql2';

import { type DatabaseServer, startServer } from './database-server.ts';

const DRIVERS = { mariadb, mysql: mysql2 };

/**
 * MariaDB 10.11, as Debian 12 has it.
 *
 * @param dialect that of MariaDB's own driver, or that of MySQL's
 */
export function startMariadb(dialect: 'mariadb' | 'mysql'): Promise<DatabaseServer> {
  const socket = (folder: string): string => path.join(folder, 'socket');
  const common = (folder: string): string[] => ['--no-defaults', `--datadir=${path.join(folder, 'data')}`];
  return startServer({
    debianPackage: 'mariadb-server',
    programs: ['/usr/bin/mariadb-install-db', '/usr/sbin/mariadbd'],
    prepare: (folder) => [...common(folder), '--auth-root-authentication-method=normal', '--skip-name-resolve'],
    serve: (folder) => [
      ...common(folder),
      `--socket=${socket(folder)}`,
      `--pid-file=${path.join(folder, 'pid')}`,
      '--skip-networking',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-flush-method=nosync',
      '--innodb-doublewrite=0',
      '--innodb-lock-wait-timeout=1',
    ],
    isReady: /ready for connections/,
    endBy: 'SIGTERM',
    options: (folder) => ({
      dialect,
      dialectModule: DRIVERS[dialect],
      username: 'root',
      database: 'test',
      dialectOptions: { socketPath: socket(folder) },
    }),
  });
}
