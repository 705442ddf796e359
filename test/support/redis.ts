import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { expectPrograms } from './database-server.ts';

const SERVER = '/usr/bin/redis-server';

/** A Redis of the tests' own, as Debian 12 has it: on a socket, in memory. */
export async function startRedis(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  await expectPrograms({ debianPackage: 'redis-server', programs: [SERVER] });
  const folder = await mkdtemp(path.join(tmpdir(), 'activity-audit-'));
  const socket = path.join(folder, 'socket');
  const settings = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--logfile', ''];
  const server = spawn(SERVER, settings, { stdio: ['ignore', 'pipe', 'ignore'] });
  const killWithUs = (): void => void server.kill('SIGKILL');
  process.on('exit', killWithUs);
  await ready(server.stdout);
  // A test that fails before it stops the server is to end nevertheless.
  server.unref();
  (server.stdout as Socket).unref();
  return {
    url: socket,
    async stop() {
      process.off('exit', killWithUs);
      server.ref();
      if (server.kill('SIGKILL')) await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

async function ready(log: Readable): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: log })) {
    if (line.includes('ready to accept connections')) return;
    said.push(line);
  }
  throw new Error(`Redis has ended:\n${said.join('\n')}`);
}
