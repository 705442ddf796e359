/**
 * What each way to start recording adds to a process that does nothing, and to the start of an application.
 *
 *     npm run build && node bench/start.ts [--node <path or version>]... [--rounds <number>] [--only <part>]...
 *
 * A process tells by itself, in its last `exit` listener, what it has used: Node's own start is in it, the release of
 * memory after that listener is not.
 */
import path from 'node:path';

import { installed } from '../test/support/install.ts';
import { runProcess } from '../test/support/run.ts';
import { type NodeUnderTest, readArguments } from './support/arguments.ts';
import { expectBuild } from './support/build.ts';
import { chosen } from './support/chosen.ts';
import { printHeading } from './support/heading.ts';
import { type Rounds, inRounds } from './support/rounds.ts';
import type { Spread } from './support/statistics.ts';
import { printTable, rounded, shown } from './support/table.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

expectBuild();
const args = await readArguments({ rounds: 17 });

const AUTO = '@opentelemetry/auto-instrumentations-node';
const peers = await installed({ [AUTO]: '0.81.2', '@opentelemetry/api': '1.9.1', '@opentelemetry/core': '2.12.0' });

const BASE = 'without --import';
const REGISTER = '--import activity-audit/register';
const ENTRIES = {
  [BASE]: [],
  '--import an empty file': ['--import', './bench/start/preload-nothing.js'],
  [REGISTER]: ['--import', 'activity-audit/register'],
  '--import a bare NodeSDK': ['--import', './bench/start/node-sdk.js'],
  '--import auto-instrumentations': ['--import', path.join(peers, 'node_modules', AUTO, 'build/src/register.js')],
} as const;
type Entry = keyof typeof ENTRIES;
const entries = chosen(Object.keys(ENTRIES) as Entry[], args.only, [BASE, REGISTER]);

const PROGRAMS = {
  'a process that does nothing': 'bench/start/nothing.cjs',
  'an application of Express and Sequelize': 'bench/start/application.js',
} as const;

/** Of every process, so that the entries are all that differs. */
const env = {
  ACTIVITY_AUDIT_DIRECTORY: temporaryFolder(),
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
};

printHeading('Start-up', args, 'CPU of all threads and peak resident memory, as the process itself tells at its exit.');
for (const node of args.nodes) {
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const rounds = await inRounds(args.rounds, entries, (entry) => startOf(node, entry, program));
    print(`Node ${node.version}, ${name}`, rounds);
  }
}

interface Usage {
  /** Milliseconds. */
  readonly cpu: number;
  /** MB */
  readonly memory: number;
}

async function startOf({ binary }: NodeUnderTest, entry: Entry, program: string): Promise<Usage> {
  const { code, stdout, stderr } = await runProcess(binary, [...ENTRIES[entry], program], { env });
  if (code !== 0) throw new Error(`${program} with ${entry} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Usage;
}

function print(heading: string, rounds: Rounds<Entry, Usage>): void {
  printTable(
    heading,
    ['CPU ms', '+ ms', "× register's + ms", 'peak MB', '+ MB'],
    entries.map((entry) => {
      const cpu = shown(rounds.of(entry, (usage) => usage.cpu));
      const memory = rounded(rounds.of(entry, (usage) => usage.memory).median);
      if (entry === BASE) return [entry, cpu, '', '', memory];
      const addedCpu = added(rounds, entry, 'cpu');
      const relative = addedCpu.median / added(rounds, REGISTER, 'cpu').median;
      return [entry, cpu, shown(addedCpu), rounded(relative), memory, rounded(added(rounds, entry, 'memory').median)];
    }),
  );
}

function added(rounds: Rounds<Entry, Usage>, entry: Entry, figure: keyof Usage): Spread {
  return rounds.across([entry, BASE], (usage) => usage[entry][figure] - usage[BASE][figure]);
}
