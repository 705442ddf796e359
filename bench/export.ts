/**
 * What a record costs from the call to the file, redacted, beside other loggers and beside writing alone.
 *
 *     npm run build && node bench/export.ts [--node <path or version>]... [--rounds <number>] [--only <part>]...
 */
import { readFileSync, readdirSync, truncateSync } from 'node:fs';
import path from 'node:path';

import { type NodeUnderTest, readArguments } from './support/arguments.ts';
import { expectBuild } from './support/build.ts';
import { chosen } from './support/chosen.ts';
import { printHeading } from './support/heading.ts';
import { type Rounds, inRounds } from './support/rounds.ts';
import { Subject } from './support/subject.ts';
import { printTable, rounded, shown } from './support/table.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

expectBuild();
const args = await readArguments({ rounds: 9 });

type Kind = 'api' | 'parsed' | 'crud';

interface Task {
  /** In `bench/export/`. */
  readonly program: string;
  readonly kind: Kind;
  /** Of the package. */
  readonly options?: object;
}

const TASKS = {
  'API record, activity-audit': { program: 'activity-audit.js', kind: 'api' },
  'API record from bytes, activity-audit': { program: 'activity-audit.js', kind: 'parsed' },
  'API record, pino': { program: 'pino.js', kind: 'api' },
  'API record, pino transport': { program: 'pino-transport.js', kind: 'api' },
  'API record, winston': { program: 'winston.js', kind: 'api' },
  'API record, OpenTelemetry batch': { program: 'otel-batch.js', kind: 'api' },
  'API record, floor': { program: 'floor.js', kind: 'api' },
  'CRUD record, activity-audit': { program: 'activity-audit.js', kind: 'crud' },
  'CRUD record in batches, activity-audit': {
    program: 'activity-audit.js',
    kind: 'crud',
    options: { durability: 'batch' },
  },
  'CRUD record, pino': { program: 'pino.js', kind: 'crud' },
  'CRUD record, pino transport': { program: 'pino-transport.js', kind: 'crud' },
  'CRUD record, winston': { program: 'winston.js', kind: 'crud' },
  'CRUD record, OpenTelemetry batch': { program: 'otel-batch.js', kind: 'crud' },
  'CRUD record, floor': { program: 'floor.js', kind: 'crud' },
} as const satisfies Record<string, Task>;
type Name = keyof typeof TASKS;
const PINOS: Readonly<Record<Kind, Name>> = {
  api: 'API record, pino',
  parsed: 'API record, pino',
  crud: 'CRUD record, pino',
};
const names = chosen(Object.keys(TASKS) as Name[], args.only, Object.values(PINOS));

/** Records logged in one turn of the event loop: a server under little and under much load, and a batch job. */
const LOADS = [1, 10, 200] as const;
const RECORDS = 10_000;
const WARMING_RECORDS = 20_000;

printHeading(
  'A record, from the call to the file, redacted',
  args,
  `${RECORDS} records a round from a warm process; the clock stops when all are with the operating system.`,
  'A CRUD record is with the operating system when the call returns, unless it is said to be in batches, as those of pino.',
  'From bytes: as an HTTP request has them, so that headers and bodies have to be parsed first.',
  'Floor: lines that were made before, in blocks of 64 KiB. Late: how much later than asked for a timer came, 99th percentile',
  'and at most. A record that got lost counts neither for the rate nor as one that the CPU was used for.',
);
for (const node of args.nodes) {
  for (const perTurn of LOADS) {
    print(`Node ${node.version}, ${perTurn} a turn of the event loop`, await measure(node, perTurn));
  }
}

interface Answer {
  /** Microseconds of CPU, of all threads. */
  readonly cpu: number;
  readonly seconds: number;
  /** MB, the peak so far. */
  readonly memory: number;
  /** Milliseconds, 99th percentile. */
  readonly late: number;
  readonly latest: number;
}

interface Measured extends Answer {
  /** Of a line. */
  readonly bytes: number;
  readonly arrived: number;
}

type Question = { readonly kind: Kind; readonly records: number; readonly perTurn: number };

async function measure(node: NodeUnderTest, perTurn: number): Promise<Rounds<Name, Measured>> {
  const directory = temporaryFolder();
  const subjects = new Map(
    await Promise.all(
      names.map(async (name) => {
        const { program, options = {} }: Task = TASKS[name];
        const command = [node.binary, `bench/export/${program}`] as const;
        const files = { DIRECTORY: directory, LOG_FILE: path.join(directory, `${name}.log`) };
        const env = { ...files, OPTIONS: JSON.stringify(options) };
        return [name, await Subject.start<string, Question, Answer>([...command], env)] as const;
      }),
    ),
  );
  try {
    for (const name of names) await roundOf(name, WARMING_RECORDS);
    return await inRounds(args.rounds, names, (name) => roundOf(name, RECORDS));
  } finally {
    await Promise.all([...subjects.values()].map((subject) => subject.stop()));
  }

  async function roundOf(name: Name, records: number): Promise<Measured> {
    const subject = subjects.get(name) as Subject<string, Question, Answer>;
    const answer = await subject.ask({ kind: TASKS[name].kind, records, perTurn });
    const { bytes, lines } = emptyFiles(directory);
    return { ...answer, bytes: bytes / lines, arrived: lines };
  }
}

/** Returns what was in them. */
function emptyFiles(directory: string): { readonly bytes: number; readonly lines: number } {
  let bytes = 0;
  let lines = 0;
  for (const name of readdirSync(directory)) {
    const file = path.join(directory, name);
    const content = readFileSync(file, 'latin1');
    bytes += content.length;
    lines += content.split('\n').length - 1;
    truncateSync(file);
  }
  return { bytes, lines };
}

function rate({ arrived, seconds }: Measured): number {
  return arrived / seconds;
}

function cpuOfOne({ cpu, arrived }: Measured): number {
  return cpu / arrived;
}

/** A line or two may come after their round: of pino's `flush` the callback is called too early. */
function lostPart(arrived: number): string {
  return arrived > 0.999 ? '' : `${rounded((1 - arrived) * 100)} %`;
}

function print(heading: string, rounds: Rounds<Name, Measured>): void {
  const columns = [
    'bytes',
    'records/s',
    "× pino's",
    'CPU µs a record',
    "× pino's",
    'late ms',
    'at most',
    'peak MB',
    'lost',
  ];
  printTable(
    heading,
    columns,
    names.map((name) => {
      const pino = PINOS[TASKS[name].kind];
      const speed = rounds.across([name, pino], (of) => rate(of[name]) / rate(of[pino]));
      const cpu = rounds.across([name, pino], (of) => cpuOfOne(of[name]) / cpuOfOne(of[pino]));
      const median = (figure: (measured: Measured) => number): string => rounded(rounds.of(name, figure).median);
      const { median: arrived } = rounds.of(name, (measured) => measured.arrived);
      return [
        name,
        median((measured) => measured.bytes),
        shown(rounds.of(name, rate)),
        name === pino ? '' : shown(speed),
        shown(rounds.of(name, cpuOfOne)),
        name === pino ? '' : shown(cpu),
        median((measured) => measured.late),
        median((measured) => measured.latest),
        median((measured) => measured.memory),
        lostPart(arrived / RECORDS),
      ];
    }),
  );
}
