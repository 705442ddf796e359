import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, access, chown, mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import type { Options } from 'sequelize';

const execute = promisify(execFile);

/** A database server of the tests' own. */
export interface DatabaseServer {
  /** How Sequelize reaches it. */
  readonly options: Options;
  stop(): Promise<void>;
}

/** How to start a program with its data in a folder; it is to listen on a socket in there, on no port. */
export interface ServerPlan {
  /** Debian's, installed if the programs aren't there. */
  readonly debianPackage: string;
  /** Paths: what makes the data, and the server. */
  readonly programs: readonly [prepare: string, serve: string];
  readonly prepare: (folder: string) => readonly string[];
  readonly serve: (folder: string) => readonly string[];
  /** What it prints on stderr when it can be asked. */
  readonly isReady: RegExp;
  /** Has it end at once, whoever is connected. */
  readonly endBy: NodeJS.Signals;
  readonly options: (folder: string) => Options;
}

export async function startServer(plan: ServerPlan): Promise<DatabaseServer> {
  await expectPrograms(plan);
  const [prepare, serve] = plan.programs;
  const folder = await mkdtemp(path.join(tmpdir(), 'activity-audit-'));
  const account = await accountFor(folder);
  await execute(prepare, plan.prepare(folder), { ...account, cwd: folder });
  const server = spawn(serve, plan.serve(folder), { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const killWithUs = (): void => void server.kill('SIGKILL');
  process.on('exit', killWithUs);
  await ready(server, plan);
  // A test that fails before it stops the server is to end nevertheless.
  server.unref();
  (server.stderr as Socket).unref();
  return {
    options: { logging: false, ...plan.options(folder) },
    async stop() {
      process.off('exit', killWithUs);
      server.ref();
      if (server.kill(plan.endBy)) await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

/** What no server runs as. */
const ROOT = 0;
const NOBODY = 65_534;

async function accountFor(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== ROOT) return {};
  await chown(folder, NOBODY, NOBODY);
  return { uid: NOBODY, gid: NOBODY };
}

async function ready(server: ChildProcess, { isReady }: ServerPlan): Promise<void> {
  const said: string[] = [];
  const lines = createInterface({ input: server.stderr as NodeJS.ReadableStream });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line);
      if (isReady.test(line)) resolve();
    });
    server.on('error', reject);
    server.on('exit', () => reject(new Error(`The server has ended:\n${said.join('\n')}`)));
  });
}

/** One installation at a time: test files run at once. */
export async function expectPrograms({
  debianPackage,
  programs,
}: Pick<ServerPlan, 'debianPackage'> & { readonly programs: readonly string[] }): Promise<void> {
  const areThere = (): Promise<boolean> =>
    Promise.all(programs.map((program) => access(program, constants.X_OK))).then(
      () => true,
      () => false,
    );
  if (await areThere()) return;
  const install = `apt-get update && apt-get install -y --no-install-recommends ${debianPackage}`;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await execute('flock', [path.join(tmpdir(), 'activity-audit-apt.lock'), 'sh', '-c', install], { env });
  if (!(await areThere())) throw new Error(`${debianPackage} doesn't have ${programs.join(' and ')}`);
}
