import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { DataTypes, type Options, Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { type ItemChange, changesIn, logChanges } from '../support/item-changes.ts';
import { startMariadb } from '../support/mariadb.ts';
import { startPostgres } from '../support/postgres.ts';
import { quoted } from '../support/quoted.ts';
import { startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A database that outlives the processes that use it. */
interface Lasting {
  readonly options: Options;
  /** What holds its driver, as `default` or as `sqlite`. */
  readonly driver: string;
  stop(): Promise<void>;
}

interface Trial {
  readonly runs: number;
  readonly start: (t: TestContext) => Promise<Lasting>;
}

const TRIALS: Readonly<Record<string, Trial>> = {
  SQLite: {
    runs: 100,
    start: async (t) => ({
      options: {
        dialect: 'sqlite',
        storage: path.join(temporaryFolder(t), 'items.sqlite'),
        dialectModule: sqlite,
        logging: false,
        transactionType: 'IMMEDIATE' as never,
      },
      driver: pathToFileURL('examples/sqlite.js').href,
      stop: async () => {},
    }),
  },
  PostgreSQL: { runs: 50, start: async () => ({ ...(await startPostgres()), driver: 'pg' }) },
  MariaDB: { runs: 50, start: async () => ({ ...(await startMariadb('mariadb')), driver: 'mariadb' }) },
};

/** What is looked at of a line of audit.log. */
interface Line {
  readonly event_type: string;
  readonly outcome: string;
  readonly instance_id: string;
  readonly instance_repr: { readonly value?: number };
  readonly extra: { readonly instance_ids?: readonly string[] };
}

/** Values of one run, which its process counts up from. */
const VALUES_OF_RUN = 100_000;
/** How many values it says are done before it is killed, at most, and how much later. */
const MOST_DONE = 30;
const MOST_MS = 8;

describe('a process that is killed at any moment while it changes rows', () => {
  for (const [name, { runs, start }] of Object.entries(TRIALS)) {
    it(`has left the record of each change that it knew of, and of none that ${name} doesn't hold, ${runs} times`, async (t) => {
      const lasting = await start(t);
      const sequelize = new Sequelize(lasting.options);
      try {
        sequelize.define(
          'Item',
          { value: DataTypes.INTEGER, count: DataTypes.INTEGER, team: DataTypes.INTEGER },
          { timestamps: false },
        );
        await sequelize.sync();
        await logChanges(sequelize, false);
        for (let run = 1; run <= runs; run += 1) {
          const [most, later] = [Math.floor(Math.random() * MOST_DONE), Math.random() * MOST_MS];
          await t.test(`run ${run}: ${later.toFixed(1)} ms after ${most} values`, async (one) => {
            await emptied(sequelize);
            const directory = temporaryFolder(one);
            const done = await runAndKill(lasting, directory, run * VALUES_OF_RUN, most, later);
            assertTold(done, await changesIn(sequelize), recordsIn(directory));
          });
        }
      } finally {
        await sequelize.close();
        await lasting.stop();
      }
    });
  }
});

async function emptied(sequelize: Sequelize): Promise<void> {
  await sequelize.query(`DELETE FROM ${quoted('Items', sequelize)}`);
  await sequelize.query('DELETE FROM History');
}

/** The values that the process said were done. */
async function runAndKill(
  { options, driver }: Lasting,
  directory: string,
  first: number,
  most: number,
  later: number,
): Promise<ReadonlySet<number>> {
  const { dialectModule: _, ...given } = options;
  const args = ['test/fixtures/kill/writer.mjs', JSON.stringify(given), driver, String(first)];
  const writer = startProcess(process.execPath, ['--import', 'activity-audit/register', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ACTIVITY_AUDIT_DIRECTORY: directory,
      ACTIVITY_AUDIT_CONSOLE: 'false',
      // Two hundred processes load the same.
      NODE_COMPILE_CACHE: path.join(path.dirname(directory), 'activity-audit-tests', 'compiled'),
    },
  });
  const done = new Set<number>();
  const lines = createInterface({ input: writer.stdout! });
  const isTime = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      done.add(Number(line));
      if (done.size >= most) resolve();
    });
  });
  const closed = once(lines, 'close');
  const exited = once(writer, 'exit');
  await Promise.race([isTime, exited]);
  await pause(later);
  writer.kill('SIGKILL');
  await Promise.all([closed, exited]);
  assert.equal(writer.signalCode, 'SIGKILL');
  return done;
}

/** A line that is not whole was being written when the process was killed: nobody was told of that change. */
function recordsIn(directory: string): Line[] {
  const file = path.join(directory, 'audit.log');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

function assertTold(done: ReadonlySet<number>, history: readonly ItemChange[], records: readonly Line[]): void {
  const told = records.filter(({ outcome }) => outcome === 'success').flatMap(rowsIn);
  assert.equal(new Set(told).size, told.length, 'a change is told twice');
  const stored = history.map((change) => [rowOf(change), change.after?.value] as const);
  const rows = new Set(stored.map(([row]) => row));
  assert.deepEqual(
    told.filter((row) => !rows.has(row)),
    [],
    'a record tells of what the database does not hold',
  );
  const known = stored.filter(([, value]) => done.has(value as number)).map(([row]) => row);
  const values = new Set(stored.map(([, value]) => value));
  assert.ok(
    [...done].every((value) => values.has(value)),
    'a change that was done is gone',
  );
  assert.deepEqual(
    known.filter((row) => !told.includes(row)),
    [],
    'a change that was known to be done has no record',
  );
}

function rowOf({ id, before, after }: ItemChange): string {
  return before ? `${id} is ${after?.value}` : `${id} is new`;
}

function rowsIn({ event_type, instance_id, instance_repr, extra }: Line): string[] {
  switch (event_type) {
    case 'CREATE':
      return [`${instance_id} is new`];
    case 'UPDATE':
      return [`${instance_id} is ${instance_repr.value}`];
    case 'BULK_CREATE':
      return (extra.instance_ids ?? []).map((id) => `${id} is new`);
    default:
      return [];
  }
}
