/**
 * What each way to start recording adds to a process that does nothing, and to the start of an application.
 *
 *     npm run build && node bench/start.ts [--node <path or version>]... [--rounds <number>]
 *
 * A process tells by itself, in its last `exit` listener, what it has used: Node's own start is in it, the release of
 * memory after that listener is not.
 */
import path from 'node:path';

import { installed } from '../test/support/install.ts';
import { runProcess } from '../test/support/run.ts';
import { type NodeUnderTest, readArguments } from './support/arguments.ts';
import { expectBuild } from './support/build.ts';
import { printHeading } from './support/heading.ts';
import { type Rounds, inRounds } from './support/rounds.ts';
import { cell, printTable } from './support/table.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

expectBuild();
const args = await readArguments({ rounds: 11 });

const AUTO = '@opentelemetry/auto-instrumentations-node';
const peers = await installed({ [AUTO]: '0.81.2', '@opentelemetry/api': '1.9.1', '@opentelemetry/core': '2.12.0' });

const ENTRIES = {
  nothing: [],
  'an empty file': ['--import', './bench/start/preload-nothing.js'],
  'activity-audit/register': ['--import', 'activity-audit/register'],
  'a bare NodeSDK': ['--import', './bench/start/node-sdk.js'],
  'auto-instrumentations': ['--import', path.join(peers, 'node_modules', AUTO, 'build/src/register.js')],
} as const;
type Entry = keyof typeof ENTRIES;
const entries = Object.keys(ENTRIES) as Entry[];

const PROGRAMS = {
  'a process that does nothing': 'bench/start/nothing.cjs',
  'an application of Express and Sequelize': 'bench/start/application.js',
} as const;

const directory = temporaryFolder();

printHeading(
  'Start-up',
  args,
  'CPU of all threads, and peak resident memory, as the process itself tells at its exit.',
);
for (const node of args.nodes) {
  for (const [name, program] of Object.entries(PROGRAMS)) {
    print(
      `Node ${node.version}, ${name}`,
      await inRounds(args.rounds, entries, (entry) => startOf(node, entry, program)),
    );
  }
}

interface Usage {
  /** Milliseconds. */
  readonly cpu: number;
  /** MB */
  readonly memory: number;
}

async function startOf({ binary }: NodeUnderTest, entry: Entry, program: string): Promise<Usage> {
  const env = {
    ACTIVITY_AUDIT_DIRECTORY: directory,
    ...(entry === 'auto-instrumentations' && {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    }),
  };
  const { code, stdout, stderr } = await runProcess(binary, [...ENTRIES[entry], program], { env });
  if (code !== 0) throw new Error(`${program} with ${entry} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Usage;
}

function print(heading: string, rounds: Rounds<Entry, Usage>): void {
  const [base, ...added] = entries as ['nothing', ...Exclude<Entry, 'nothing'>[]];
  printTable(
    heading,
    ['CPU ms', 'MB', '+ CPU ms', '+ MB', "× register's + CPU"],
    [
      ['without --import', cell(rounds.of(base, cpu), 1), cell(rounds.of(base, memory), 1)],
      ...added.map((entry) => [
        `--import ${entry}`,
        cell(rounds.of(entry, cpu), 1),
        cell(rounds.of(entry, memory), 1),
        cell(
          rounds.across([entry, base], (usage) => usage[entry].cpu - usage[base].cpu),
          1,
        ),
        cell(
          rounds.across([entry, base], (usage) => usage[entry].memory - usage[base].memory),
          1,
        ),
        ratio(rounds, entry),
      ]),
    ],
  );
}

function cpu(usage: Usage): number {
  return usage.cpu;
}

function memory(usage: Usage): number {
  return usage.memory;
}

/** How many times what `register` adds an entry adds. */
function ratio(rounds: Rounds<Entry, Usage>, entry: Entry): string {
  return cell(
    rounds.across([entry, 'activity-audit/register', 'nothing'], (usage) => {
      const register = usage['activity-audit/register'].cpu - usage.nothing.cpu;
      return (usage[entry].cpu - usage.nothing.cpu) / register;
    }),
    1,
  );
}
