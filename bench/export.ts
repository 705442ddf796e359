/**
 * What a record costs from the call to the file, redacted, beside pino (`sync: false`, 4 KiB, five redacted paths).
 *
 *     npm run build && node bench/export.ts [--node <path or version>]... [--rounds <number>] [--only <part>]...
 */
import { readdirSync, statSync, truncateSync } from 'node:fs';
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
const args = await readArguments({ rounds: 15 });

type Library = 'activity-audit' | 'pino';
type Kind = 'api' | 'parsed' | 'crud';

interface Task {
  readonly library: Library;
  readonly kind: Kind;
}

const TASKS = {
  'API record, activity-audit': { library: 'activity-audit', kind: 'api' },
  'API record from bytes, activity-audit': { library: 'activity-audit', kind: 'parsed' },
  'API record, pino': { library: 'pino', kind: 'api' },
  'CRUD record, activity-audit': { library: 'activity-audit', kind: 'crud' },
  'CRUD record, pino': { library: 'pino', kind: 'crud' },
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
const RECORDS = 4000;

printHeading(
  'A record, from the call to the file, redacted',
  args,
  `${RECORDS} records a round from a warm process; the clock stops when all are with the operating system.`,
  'From bytes: as an HTTP request has them, so that headers and bodies have to be parsed first.',
);
for (const node of args.nodes) {
  for (const perTurn of LOADS) {
    print(`Node ${node.version}, ${perTurn} a turn of the event loop`, await measure(node, perTurn));
  }
}

interface Answer {
  /** Microseconds of CPU a record, of all threads. */
  readonly cpu: number;
  readonly perSecond: number;
  /** MB, the peak so far. */
  readonly memory: number;
}

interface Measured extends Answer {
  readonly bytes: number;
}

type Question = { readonly kind: Kind; readonly records: number; readonly perTurn: number };

async function measure(node: NodeUnderTest, perTurn: number): Promise<Rounds<Name, Measured>> {
  const directory = temporaryFolder();
  const env = { DIRECTORY: directory, LOG_FILE: path.join(directory, 'pino.log') };
  const subjects = new Map(
    await Promise.all(
      names.map(async (name) => {
        const program = `bench/export/${TASKS[name].library}.js`;
        return [name, await Subject.start<string, Question, Answer>([node.binary, program], env)] as const;
      }),
    ),
  );
  try {
    for (const name of names) await roundOf(name, 2 * RECORDS);
    return await inRounds(args.rounds, names, (name) => roundOf(name, RECORDS));
  } finally {
    await Promise.all([...subjects.values()].map((subject) => subject.stop()));
  }

  async function roundOf(name: Name, records: number): Promise<Measured> {
    const subject = subjects.get(name) as Subject<string, Question, Answer>;
    const answer = await subject.ask({ kind: TASKS[name].kind, records, perTurn });
    return { ...answer, bytes: emptyFiles(directory) / records };
  }
}

/** Returns how many bytes were in them. */
function emptyFiles(directory: string): number {
  let bytes = 0;
  for (const name of readdirSync(directory)) {
    const file = path.join(directory, name);
    bytes += statSync(file).size;
    truncateSync(file);
  }
  return bytes;
}

function print(heading: string, rounds: Rounds<Name, Measured>): void {
  printTable(
    heading,
    ['bytes', 'records/s', "× pino's", 'CPU µs a record', "× pino's", 'peak MB'],
    names.map((name) => {
      const pino = PINOS[TASKS[name].kind];
      const bytes = rounded(rounds.of(name, (measured) => measured.bytes).median);
      const perSecond = shown(rounds.of(name, (measured) => measured.perSecond));
      const cpu = shown(rounds.of(name, (measured) => measured.cpu));
      const memory = rounded(rounds.of(name, (measured) => measured.memory).median);
      if (name === pino) return [name, bytes, perSecond, '', cpu, '', memory];
      const speed = rounds.across([name, pino], (of) => of[name].perSecond / of[pino].perSecond);
      const relative = rounds.across([name, pino], (of) => of[name].cpu / of[pino].cpu);
      return [name, bytes, perSecond, shown(speed), cpu, shown(relative), memory];
    }),
  );
}
