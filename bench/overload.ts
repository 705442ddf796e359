/**
 * How much memory a full disk takes, while ten times as much is logged as may wait, and how long the event loop stalls.
 *
 *     npm run build && node bench/overload.ts [--node <path or version>]... [--rounds <number>] [--only <part>]...
 */
import { mkdtempSync } from 'node:fs';
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
const args = await readArguments({ rounds: 7 });

interface Case {
  readonly isFull: boolean;
  /** Options of the package. */
  readonly options: object;
}

const MIB = 1024 * 1024;
/** Ten times what 8 MiB hold of records of 1.6 KB. */
const RECORDS = 54_000;
const PER_TURN = 20;

const CASES = {
  'a disk that works': { isFull: false, options: {} },
  'a full disk, 1 MiB may wait': { isFull: true, options: { maxQueueBytes: MIB } },
  'a full disk, 8 MiB may wait': { isFull: true, options: { maxQueueBytes: 8 * MIB } },
} as const satisfies Record<string, Case>;
type Name = keyof typeof CASES;
const CONTROL: Name = 'a disk that works';
const names = chosen(Object.keys(CASES) as Name[], args.only, [CONTROL]);

printHeading(
  'A full disk',
  args,
  `${RECORDS} API records, ${PER_TURN} in each turn of the event loop, from a warm process; then the disk has room again.`,
  'Late: how much later than asked for a timer came at most, while the disk was full, and while what waited was written.',
);
interface Used {
  /** Microseconds. */
  readonly cpu: number;
  readonly seconds: number;
  /** MB, the peak so far. */
  readonly memory: number;
  /** Milliseconds, at most. */
  readonly latest: number;
}

interface Measured extends Used {
  readonly queuedRecords: number;
  readonly queuedBytes: number;
  readonly lost: number;
  readonly recovery: Used;
  readonly arrived: number;
}

const folder = temporaryFolder();
for (const node of args.nodes) print(`Node ${node.version}`, await inRounds(args.rounds, names, measureOn(node)));

function measureOn(node: NodeUnderTest): (name: Name) => Promise<Measured> {
  return async (name) => {
    const { isFull, options } = CASES[name];
    const env = { DIRECTORY: mkdtempSync(path.join(folder, 'logs-')), OPTIONS: JSON.stringify(options) };
    const subject = await Subject.start<string, object, Measured>([node.binary, 'bench/export/overload.js'], env);
    try {
      return await subject.ask({ records: RECORDS, perTurn: PER_TURN, isFull });
    } finally {
      await subject.stop();
    }
  };
}

function print(heading: string, rounds: Rounds<Name, Measured>): void {
  const columns = [
    'CPU µs a record',
    'peak MB',
    'peak over control',
    'late ms',
    'late after',
    'waited MiB',
    'waited',
    'lost',
    'unaccounted',
  ];
  printTable(
    heading,
    columns,
    names.map((name) => {
      const median = (figure: (measured: Measured) => number): string => rounded(rounds.of(name, figure).median);
      const over = rounds.across([name, CONTROL], (of) => peak(of[name]) - peak(of[CONTROL]));
      return [
        name,
        shown(rounds.of(name, ({ cpu }) => cpu / RECORDS)),
        shown(rounds.of(name, peak)),
        name === CONTROL ? '' : shown(over),
        shown(rounds.of(name, ({ latest }) => latest)),
        shown(rounds.of(name, ({ recovery }) => recovery.latest)),
        median(({ queuedBytes }) => queuedBytes / MIB),
        median(({ queuedRecords }) => queuedRecords),
        median(({ lost }) => lost),
        median(({ lost, arrived }) => RECORDS - lost - arrived),
      ];
    }),
  );
}

function peak({ recovery }: Measured): number {
  return recovery.memory;
}
