import path from 'node:path';

import pg from 'pg';

import { type DatabaseServer, startServer } from './database-server.ts';

const BIN = '/usr/lib/postgresql/15/bin';
const USER = 'audit';
/** Who waits for a lock in vain is told so soon. */
const SETTINGS = ['listen_addresses=', 'fsync=off', 'lock_timeout=200ms', 'deadlock_timeout=20ms'];

/** PostgreSQL 15, as Debian 12 has it. */
export function startPostgres(): Promise<DatabaseServer> {
  const data = (folder: string): string => path.join(folder, 'data');
  return startServer({
    debianPackage: 'postgresql-15',
    programs: [`${BIN}/initdb`, `${BIN}/postgres`],
    prepare: (folder) => ['-D', data(folder), '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    serve: (folder) => ['-D', data(folder), '-k', folder, ...SETTINGS.flatMap((setting) => ['-c', setting])],
    isReady: /ready to accept connections/,
    endBy: 'SIGINT',
    options: (folder) => ({
      dialect: 'postgres',
      dialectModule: pg,
      host: folder,
      username: USER,
      database: 'postgres',
    }),
  });
}
