import path from 'node:path';

import mariadb from 'mariadb';

import { type DatabaseServer, startServer } from './database-server.ts';

/** MariaDB 10.11, as Debian 12 has it. */
export function startMariadb(): Promise<DatabaseServer> {
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
    ],
    isReady: /ready for connections/,
    endBy: 'SIGTERM',
    options: (folder) => ({
      dialect: 'mariadb',
      dialectModule: mariadb,
      username: 'root',
      database: 'test',
      dialectOptions: { socketPath: socket(folder) },
    }),
  });
}
