import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { DataTypes, type Model, type ModelStatic, type Options, QueryTypes, Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';
import { startMariadb } from '../support/mariadb.ts';
import { startPostgres } from '../support/postgres.ts';
import { startProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A process is killed so many milliseconds, at most, after it was ready, or after it did its first, second or third. */
const LONGEST_LIFE = 30;
const DONE_BEFORE = [0, 1, 2, 3];

interface Database {
  readonly options: Options;
  stop(): Promise<void>;
}

interface Plan {
  readonly start: () => Promise<Database>;
  /** How often a process is killed. */
  readonly runs: number;
  /** How many change rows at once: SQLite lets one write at a time. */
  readonly workers: number;
  /** How many other connections the database still has. */
  readonly others: string | undefined;
}

const PLANS: Readonly<Record<string, Plan>> = {
  SQLite: { start: startSqlite, runs: 80, workers: 1, others: undefined },
  PostgreSQL: {
    start: startPostgres,
    runs: 60,
    workers: 3,
    others: "SELECT count(*) AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  },
  MariaDB: {
    start: () => startMariadb('mariadb'),
    runs: 60,
    workers: 3,
    others: "SELECT count(*) AS n FROM information_schema.processlist WHERE user <> 'system user' AND id <> connection_id()",
  },
};

async function startSqlite(): Promise<Database> {
  const folder = await mkdtemp(path.join(tmpdir(), 'activity-audit-'));
  return {
    options: { dialect: 'sqlite', storage: path.join(folder, 'rows.sqlite'), dialectModule: sqlite, logging: false },
    stop: () => rm(folder, { recursive: true }),
  };
}

for (const [name, { start, runs, workers, others }] of Object.entries(PLANS)) {
  describe(`a process that changes rows in ${name}, killed`, () => {
    let database: Database;
    let sequelize: Sequelize;
    let Row: ModelStatic<Model>;

    before(async () => {
      database = await start();
      sequelize = new Sequelize({ ...database.options, pool: { max: 1 } });
      Row = sequelize.define('Row', { id: { type: DataTypes.STRING, primaryKey: true }, version: DataTypes.INTEGER });
      await sequelize.sync();
    });
    after(async () => {
      await sequelize.close();
      await database.stop();
    });

    it(`at any of ${runs} moments, has left a record of all that it knew to be done, and of nothing that was not`, async (t) => {
      for (let run = 0; run < runs; run += 1) {
        const directory = temporaryFolder(t);
        const doneBefore = DONE_BEFORE[run % DONE_BEFORE.length] as number;
        const done = await killed(database.options, workers, directory, doneBefore);
        assert.ok(done.length >= doneBefore);
        await othersGone(sequelize, others);
        const rows = (await Row.findAll({ raw: true })) as unknown as readonly Stored[];
        assertTrue(recordsIn(directory), done, new Map(rows.map(({ id, version }) => [id, version])), workers);
        await Row.destroy({ truncate: true });
      }
    });
  });
}

/** Starts the process, kills it, and says what it knew to be done. */
async function killed(
  { dialectModule: _, ...options }: Options,
  workers: number,
  directory: string,
  doneBefore: number,
): Promise<string[]> {
  const child = startProcess(
    process.execPath,
    ['--import', 'activity-audit/register', 'test/fixtures/kill/changes.mjs', JSON.stringify([options, workers])],
    { env: { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const done: string[] = [];
  const exited = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line !== 'ready') done.push(line);
    if (done.length === doneBefore) setTimeout(() => child.kill('SIGKILL'), Math.random() * LONGEST_LIFE);
  }
  await exited;
  assert.equal(child.signalCode, 'SIGKILL');
  return done;
}

/** The database undoes what a process left open when it notices that the process is gone. */
async function othersGone(sequelize: Sequelize, others: string | undefined): Promise<void> {
  if (others === undefined) return;
  for (;;) {
    const [row] = await sequelize.query<{ n: number | string }>(others, { type: QueryTypes.SELECT });
    if (Number(row?.n) === 0) return;
    await sleep(2);
  }
}

interface Stored {
  readonly id: string;
  readonly version: number;
}

interface Recorded {
  readonly event_type: string;
  readonly instance_id: string;
  readonly outcome: string;
  readonly extra: { readonly where?: { readonly id: string } };
}

/** Those of the whole lines: the last may be torn. */
function recordsIn(directory: string): Recorded[] {
  const file = path.join(directory, 'audit.log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line) as Recorded).filter(({ event_type: type }) => type !== 'READ');
}

/** What the changes of a row leave, in their order. */
const VERSIONS: Readonly<Record<string, number | undefined>> = { CREATE: 0, UPDATE: 1, BULK_UPDATE: 2, DELETE: undefined };
const ORDER = Object.keys(VERSIONS);

function assertTrue(
  records: readonly Recorded[],
  done: readonly string[],
  versions: ReadonlyMap<string, number>,
  workers: number,
): void {
  const recorded = new Map<string, string[]>();
  for (const { event_type: type, instance_id: id, outcome, extra } of records) {
    // Of a change that nobody knows to be done, nothing is promised.
    if (outcome === 'unknown') continue;
    assert.equal(outcome, 'success');
    const key = extra.where?.id ?? id;
    recorded.set(key, [...(recorded.get(key) ?? []), type]);
  }
  for (const [id, types] of recorded) assert.deepEqual(types, ORDER.slice(0, types.length), `the records of ${id}, once and in order`);

  for (const id of done) {
    const version = versions.get(id);
    const last = version === undefined ? 'DELETE' : 'BULK_UPDATE';
    assert.equal(recorded.get(id)?.at(-1), last, `${id} is done, and recorded`);
  }

  const ahead = new Set<string>();
  for (const id of new Set([...recorded.keys(), ...versions.keys()])) {
    const last = recorded.get(id)?.at(-1);
    const version = versions.get(id);
    const isAsRecorded = version === (last === undefined ? undefined : VERSIONS[last]);
    // A change that was committed right before the end, and not yet answered.
    const isAhead = last !== 'DELETE' && (version === undefined || version > (VERSIONS[last ?? ''] ?? -1));
    assert.ok(isAsRecorded || isAhead, `${id}: ${last} is recorded, and the row has ${version}`);
    if (!isAsRecorded) ahead.add(id);
  }
  assert.ok(ahead.size <= workers, `more than what was in hand is not recorded: ${[...ahead].join(', ')}`);
}
