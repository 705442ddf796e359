/**
 * What it costs to have a record safe before its operation goes on: with the operating system, or on the disk.
 *
 *     npm run build && node bench/durability.ts [--node <path or version>]... [--rounds <number>] [--only <part>]...
 */
import { mkdirSync } from 'node:fs';
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

const POLICIES = ['batch', 'os', 'disk'] as const;
type Policy = (typeof POLICIES)[number];
const CONTROL: Policy = 'batch';
const names = chosen(POLICIES, args.only, [CONTROL]);

/** As many as it can, and a load. */
const LOADS = [undefined, 20_000] as const;
const RECORDS = 20_000;

printHeading(
  'Durability',
  args,
  `${RECORDS} CRUD records a round from a warm process, each of an operation that waits for it; 2000 at a time, or evenly.`,
  'Waited: from when an operation was due, at a timer of 1 ms, to when its record was acknowledged.',
);
for (const node of args.nodes) {
  for (const perSecond of LOADS) {
    const load = perSecond === undefined ? 'as many as it can' : `${perSecond} a second`;
    print(`Node ${node.version}, ${load}`, await measure(node, perSecond));
  }
}

interface Measured {
  /** Microseconds of CPU, of all threads. */
  readonly cpu: number;
  readonly seconds: number;
  /** MB, the peak so far. */
  readonly memory: number;
  /** Milliseconds, at most. */
  readonly latest: number;
  /** Milliseconds that an operation waited, and the 99th percentile. */
  readonly median: number;
  readonly tail: number;
}

async function measure(node: NodeUnderTest, perSecond: number | undefined): Promise<Rounds<Policy, Measured>> {
  const folder = temporaryFolder();
  const subjects = new Map(
    await Promise.all(
      names.map(async (policy) => {
        const directory = path.join(folder, policy);
        mkdirSync(directory);
        const env = { DIRECTORY: directory, OPTIONS: JSON.stringify({ durability: policy }) };
        const command = [node.binary, 'bench/export/durability.js'] as const;
        return [policy, await Subject.start<string, object, Measured>([...command], env)] as const;
      }),
    ),
  );
  const roundOf = async (policy: Policy): Promise<Measured> => {
    const subject = subjects.get(policy) as Subject<string, object, Measured>;
    return subject.ask({ records: RECORDS, perSecond });
  };
  try {
    for (const policy of names) await roundOf(policy);
    return await inRounds(args.rounds, names, roundOf);
  } finally {
    await Promise.all([...subjects.values()].map((subject) => subject.stop()));
  }
}

function print(heading: string, rounds: Rounds<Policy, Measured>): void {
  printTable(
    heading,
    ['records/s', "× batch's", 'CPU µs a record', 'waited ms', '99 %', 'late ms at most', 'peak MB'],
    names.map((policy) => {
      const speed = rounds.across([policy, CONTROL], (of) => of[CONTROL].seconds / of[policy].seconds);
      return [
        policy,
        shown(rounds.of(policy, ({ seconds }) => RECORDS / seconds)),
        policy === CONTROL ? '' : shown(speed),
        shown(rounds.of(policy, ({ cpu }) => cpu / RECORDS)),
        shown(rounds.of(policy, ({ median }) => median)),
        shown(rounds.of(policy, ({ tail }) => tail)),
        shown(rounds.of(policy, ({ latest }) => latest)),
        rounded(rounds.of(policy, ({ memory }) => memory).median),
      ];
    }),
  );
}
