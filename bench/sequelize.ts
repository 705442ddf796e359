/**
 * What recording costs an application of Sequelize, beside what a user would pick instead: each kind of statement, on
 * SQLite in memory and on PostgreSQL.
 *
 *     npm run build && node bench/sequelize.ts [--node <path or version>]... [--rounds <number>] [--only <part>]...
 */
import { readdirSync, truncateSync } from 'node:fs';
import path from 'node:path';

import { installed } from '../test/support/install.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { type NodeUnderTest, readArguments } from './support/arguments.ts';
import { expectBuild } from './support/build.ts';
import { chosen } from './support/chosen.ts';
import { printHeading } from './support/heading.ts';
import { type Rounds, inRounds } from './support/rounds.ts';
import { Subject } from './support/subject.ts';
import { printTable, shown } from './support/table.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

expectBuild();
const args = await readArguments({ rounds: 15 });
const peers = await installed({
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/instrumentation-sequelize': '0.15.0',
  '@opentelemetry/sdk-node': '0.223.0',
  'sequelize-paper-trail': '3.1.0',
});

/** How often each is done a round. */
const OPERATIONS = {
  create: 300,
  update: 300,
  findByPk: 300,
  'Model.update': 300,
  'bulkCreate of 1,000': 2,
  'create and update in a transaction': 100,
} as const;
const operations = chosen(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[], args.only, []);

/** How an application is started. */
interface Start {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const BASE = 'bare';
const SUBJECTS = {
  [BASE]: { args: [] },
  'activity-audit/register': { args: ['--import', 'activity-audit/register'] },
  'instrumentation-sequelize': { args: ['--import', './bench/sequelize/instrumentation-sequelize.js'] },
  'sequelize-paper-trail': { args: [], env: { KEEP_VERSIONS: 'true' } },
} as const satisfies Record<string, Start>;
type Name = keyof typeof SUBJECTS;
const names = Object.keys(SUBJECTS) as Name[];

interface Question {
  readonly operation: string;
  readonly times: number;
}

/** Microseconds. */
interface Answer {
  readonly cpu: number;
  readonly clock: number;
}

printHeading(
  'Sequelize: one statement after the other, bare and recorded',
  args,
  "activity-audit writes to a file, sequelize-paper-trail to the database; OpenTelemetry's spans are dropped, not sent.",
  'CPU is that of the application alone, not that of PostgreSQL.',
);
const postgres = await startPostgres();
try {
  for (const node of args.nodes) {
    for (const dialect of ['sqlite', 'postgres']) await measure(node, dialect);
  }
} finally {
  await postgres.stop();
}

async function measure(node: NodeUnderTest, dialect: string): Promise<void> {
  const directory = temporaryFolder();
  const { host, username } = postgres.options;
  const start = (name: Name): Promise<Subject<string, Question, Answer>> =>
    Subject.start<string, Question, Answer>([node.binary, ...startOf(name).args, 'bench/sequelize/application.js'], {
      DIALECT: dialect,
      SUBJECT: String(names.indexOf(name)),
      HOST: host ?? '',
      DB_USER: username ?? '',
      ACTIVITY_AUDIT_DIRECTORY: directory,
      ACTIVITY_AUDIT_CONSOLE: 'false',
      PEERS: path.join(peers, 'package.json'),
      ...startOf(name).env,
    });
  const subjects = new Map(await Promise.all(names.map(async (name) => [name, await start(name)] as const)));
  try {
    const lines: string[][] = [];
    for (const operation of operations) {
      const times = OPERATIONS[operation];
      const round = async (name: Name): Promise<Answer> => {
        const answer = await (subjects.get(name) as Subject<string, Question, Answer>).ask({ operation, times });
        for (const file of readdirSync(directory)) truncateSync(path.join(directory, file));
        return answer;
      };
      for (const name of names) await round(name);
      lines.push(...linesOf(operation, await inRounds(args.rounds, names, round)));
    }
    printTable(`Node ${node.version}, ${dialect}`, ['', 'CPU µs', 'µs', '+ CPU µs', '× CPU', '× µs'], lines);
  } finally {
    await Promise.all([...subjects.values()].map((subject) => subject.stop()));
  }
}

function startOf(name: Name): Start {
  return SUBJECTS[name];
}

function linesOf(operation: string, rounds: Rounds<Name, Answer>): string[][] {
  return names.map((name) => {
    const cpu = shown(rounds.of(name, (answer) => answer.cpu));
    const clock = shown(rounds.of(name, (answer) => answer.clock));
    if (name === BASE) return [operation, cpu, clock];
    const both = [name, BASE] as const;
    return [
      `  ${name}`,
      cpu,
      clock,
      shown(rounds.across(both, (of) => of[name].cpu - of[BASE].cpu)),
      shown(rounds.across(both, (of) => of[name].cpu / of[BASE].cpu)),
      shown(rounds.across(both, (of) => of[name].clock / of[BASE].clock)),
    ];
  });
}
