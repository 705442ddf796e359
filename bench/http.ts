/**
 * What recording costs an HTTP server, beside what a user would pick instead: Express, JSON of 1 KB in and out.
 *
 *     npm run build && node bench/http.ts [--node <path or version>]... [--rounds <number>] [--only <part>]...
 *
 * Each server is a process of its own, with files of its own. In each round each gets full load for a second from a
 * client on another core: ten connections, of which each sends its next request when it has the last response. Before
 * the next one's turn it finishes what it has put off, whose CPU counts, too.
 */
import { mkdtempSync, readdirSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { installed } from '../test/support/install.ts';
import type { Load, Served } from './http/load.ts';
import { type NodeUnderTest, readArguments } from './support/arguments.ts';
import { expectBuild } from './support/build.ts';
import { chosen } from './support/chosen.ts';
import { canPin, pinnedTo } from './support/cores.ts';
import { printHeading } from './support/heading.ts';
import { type Rounds, inRounds } from './support/rounds.ts';
import { Subject } from './support/subject.ts';
import { printTable, rounded, shown } from './support/table.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

expectBuild();
const args = await readArguments({ rounds: 15 });
const peers = await installed({
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/auto-instrumentations-node': '0.81.2',
  '@opentelemetry/core': '2.12.0',
  '@opentelemetry/instrumentation-express': '0.71.1',
  '@opentelemetry/instrumentation-http': '0.223.0',
  '@opentelemetry/sdk-node': '0.223.0',
  'express-winston': '4.2.0',
  morgan: '1.12.1',
  pino: '10.4.0',
  'pino-http': '11.0.0',
  winston: '3.19.0',
});
const directory = temporaryFolder();

/** How a server is started. */
interface Start {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const BARE = 'bench/http/bare-server.js';
const REGISTER = ['--import', 'activity-audit/register', BARE] as const;

const BASE = 'bare';
const PINO = 'pino-http with bodies';
const SERVERS = {
  [BASE]: { args: [BARE] },
  'activity-audit/register': { args: REGISTER },
  'activity-audit/register, no bodies': { args: REGISTER, env: { ACTIVITY_AUDIT_CAPTURE_BODIES: 'none' } },
  [PINO]: { args: ['bench/http/pino-http-server.js'] },
  'express-winston with bodies': { args: ['bench/http/express-winston-server.js'] },
  morgan: { args: ['bench/http/morgan-server.js'] },
  'instrumentation-http, -express': { args: ['--import', './bench/http/instrumentation-http-express.js', BARE] },
  'auto-instrumentations-node': { args: ['--import', './bench/http/auto-instrumentations.js', BARE] },
} as const satisfies Record<string, Start>;
type Server = keyof typeof SERVERS;
const names = chosen(Object.keys(SERVERS) as Server[], args.only, [BASE, PINO]);

const WARM_UP_MS = 3000;
const ROUND_MS = 1000;
const SETTLING_MS = 50;
/** Microseconds of CPU in that time, at most: what it takes to ask a server is in it. */
const IDLE = 5000;

printHeading(
  'HTTP: Express, a POST of 1 KB of JSON, answered by 1 KB of JSON',
  args,
  'activity-audit, pino-http and express-winston write headers, bodies and the user to a file, with secrets redacted;',
  "morgan writes a line of the format `combined`. OpenTelemetry's two batch spans, which are dropped instead of sent.",
  canPin
    ? 'The servers share one core, the client has another one.'
    : 'Servers and client share all cores: no taskset.',
);
for (const node of args.nodes) print(`Node ${node.version}`, await measure(node));

/** What a server did in a round. */
interface Measured extends Served {
  /** Microseconds of CPU a request, of all threads. */
  readonly cpu: number;
  /** MB, resident when the round was over. */
  readonly memory: number;
}

interface Usage {
  /** Microseconds, since it was started. */
  readonly cpu: number;
  readonly memory: number;
}

/** Is ready when it knows its port. */
type Running = Subject<number, object, Usage>;

async function measure(node: NodeUnderTest): Promise<Rounds<Server, Measured>> {
  const client = await Subject.start<string, Load, Served>(pinnedTo(1, [process.execPath, 'bench/http/load.ts']));
  const servers = new Map(await Promise.all(names.map(async (name) => [name, await startServer(node, name)] as const)));
  try {
    for (const name of names) await roundOf(name, WARM_UP_MS);
    return await inRounds(args.rounds, names, (name) => roundOf(name, ROUND_MS));
  } finally {
    await Promise.all([client, ...servers.values()].map((subject) => subject.stop()));
  }

  async function roundOf(name: Server, milliseconds: number): Promise<Measured> {
    const server = servers.get(name) as Running;
    const before = await server.ask({});
    const served = await client.ask({ port: server.ready, milliseconds });
    const { cpu, memory } = await settled(server);
    emptyFiles();
    return { ...served, cpu: (cpu - before.cpu) / served.requests, memory };
  }
}

function startServer({ binary }: NodeUnderTest, name: Server): Promise<Running> {
  const start: Start = SERVERS[name];
  const files = mkdtempSync(path.join(directory, 'server-'));
  return Subject.start<number, object, Usage>(pinnedTo(0, [binary, ...start.args]), {
    NODE_ENV: 'production',
    PEERS: path.join(peers, 'package.json'),
    LOG_FILE: path.join(files, 'http.log'),
    ACTIVITY_AUDIT_DIRECTORY: files,
    ACTIVITY_AUDIT_CONSOLE: 'false',
    ...start.env,
  });
}

/**
 * What a server has used when it is idle again: some write their records long after they have answered. Where that goes
 * on, it would fall into the next server's round.
 */
async function settled(server: Running): Promise<Usage> {
  let before = await server.ask({});
  for (;;) {
    await sleep(SETTLING_MS);
    const usage = await server.ask({});
    if (usage.cpu - before.cpu < IDLE) return usage;
    before = usage;
  }
}

/** Between rounds, so that the disk doesn't fill up. */
function emptyFiles(): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) truncateSync(path.join(entry.parentPath, entry.name));
  }
}

function print(heading: string, rounds: Rounds<Server, Measured>): void {
  printTable(
    heading,
    ['requests/s', '× bare', 'CPU µs a request', '+ µs', "× pino-http's + µs", 'p50 ms', 'p99 ms', 'RSS MB'],
    names.map((name) => {
      const perSecond = shown(rounds.of(name, ({ requestsPerSecond }) => requestsPerSecond));
      const cpu = shown(rounds.of(name, (measured) => measured.cpu));
      const p50 = rounded(rounds.of(name, (measured) => measured.p50).median);
      const p99 = rounded(rounds.of(name, (measured) => measured.p99).median);
      const memory = rounded(rounds.last(name, (measured) => measured.memory));
      if (name === BASE) return [name, perSecond, '', cpu, '', '', p50, p99, memory];
      const speed = rounds.across([name, BASE], (of) => of[name].requestsPerSecond / of[BASE].requestsPerSecond);
      const added = rounds.across([name, BASE], (of) => of[name].cpu - of[BASE].cpu);
      const relative = rounds.across([name, BASE, PINO], relativeCost(name));
      return [name, perSecond, shown(speed), cpu, shown(added), shown(relative), p50, p99, memory];
    }),
  );
}

/** CPU that recording adds, as a multiple of what pino-http adds. */
function relativeCost(name: Server): (of: Readonly<Record<Server, Measured>>) => number {
  return (of) => (of[name].cpu - of[BASE].cpu) / (of[PINO].cpu - of[BASE].cpu);
}
