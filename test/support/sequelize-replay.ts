import assert from 'node:assert/strict';

import * as fc from 'fast-check';
import type { Model, ModelStatic, Sequelize, Transaction } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { type LoggedDatabase, counted } from './counted-statements.ts';
import { historyOf, isChange, logHistory } from './item-history.ts';
import { type SequelizeCopy, dialectOf } from './sequelize-copy.ts';
import { takeRecords } from './sequelize-records.ts';

/** Numbers pick a row by its place in the table, and give the value that is written. */
type Step =
  | {
      readonly do: 'create' | 'update' | 'destroy' | 'restore' | 'increment' | 'fail' | 'raw';
      readonly row: number;
      readonly value: number;
    }
  | BulkStep
  | { readonly do: 'together'; readonly steps: readonly BulkStep[] }
  | { readonly do: 'transaction'; readonly steps: readonly Step[]; readonly commits: boolean };

interface BulkStep {
  readonly do: 'bulkCreate' | 'bulkUpdate' | 'bulkDestroy' | 'bulkIncrement';
  readonly from: number;
  readonly value: number;
}

const bulkStep = fc.record({
  do: fc.constantFrom('bulkCreate', 'bulkUpdate', 'bulkDestroy', 'bulkIncrement'),
  from: fc.nat(9),
  value: fc.nat(9),
});

const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      do: fc.constantFrom('create', 'update', 'destroy', 'restore', 'increment', 'fail', 'raw'),
      row: fc.nat(9),
      value: fc.nat(9),
    }),
    bulkStep,
    fc.record({ do: fc.constant('together'), steps: fc.array(bulkStep, { maxLength: 4 }) }),
    fc.record({
      do: fc.constant('transaction'),
      steps: fc.array(tie('step'), { maxLength: 5 }),
      commits: fc.boolean(),
    }),
  ),
}));

/** By dialect. */
const INSERT_LINE: Readonly<Record<string, string>> = {
  sqlite: 'INSERT INTO Logs DEFAULT VALUES',
  postgres: 'INSERT INTO "Logs" DEFAULT VALUES',
  mariadb: 'INSERT INTO Logs () VALUES ()',
  mysql: 'INSERT INTO Logs () VALUES ()',
};

const UNDO = new Error('undo');

/** An application of one model, whose rows are deleted softly if it is paranoid, and a log that raw SQL writes. */
class Application {
  readonly sequelize: Sequelize;
  readonly Item: ModelStatic<Model>;
  private readonly Log: ModelStatic<Model>;
  private readonly paranoid: boolean;
  private readonly copy: SequelizeCopy;

  constructor(sequelize: Sequelize, copy: SequelizeCopy, paranoid: boolean, beforeImages: boolean) {
    const { DataTypes } = copy;
    this.copy = copy;
    this.sequelize = auditSequelize(sequelize, { reads: false, beforeImages });
    this.paranoid = paranoid;
    this.Item = this.sequelize.define(
      'Item',
      { value: DataTypes.INTEGER, unique: { type: DataTypes.INTEGER, unique: true } },
      { paranoid, updatedAt: false, createdAt: false },
    );
    this.Log = this.sequelize.define('Log', {}, { timestamps: false });
  }

  async run(steps: readonly Step[], transaction: Transaction | null): Promise<void> {
    for (const one of steps) await this.step(one, transaction);
  }

  /** The ids of the items that are there, with their values, and the number of lines in the log. */
  async stored(): Promise<State> {
    const rows = await this.Item.findAll({ paranoid: false, order: ['id'] });
    const items = rows.map((row) => row.get() as { id: number; value: number; deletedAt?: unknown });
    return {
      items: new Map(items.map(({ id, value, deletedAt }) => [String(id), { value, deleted: Boolean(deletedAt) }])),
      log: await this.Log.count(),
    };
  }

  private async step(one: Step, transaction: Transaction | null): Promise<void> {
    const { Item, sequelize } = this;
    switch (one.do) {
      case 'create':
        await Item.create({ value: one.value }, { transaction });
        break;
      case 'bulkCreate':
        await Item.bulkCreate([{ value: 0 }, { value: 0 }], { transaction });
        break;
      case 'bulkUpdate':
        await Item.update({ value: one.value }, { where: { value: one.from }, transaction, hooks: false });
        break;
      case 'bulkDestroy':
        await Item.destroy({ where: { value: one.from }, transaction });
        break;
      case 'bulkIncrement':
        await Item.increment('value', { by: one.value, where: { value: one.from }, transaction });
        break;
      case 'together':
        if (transaction) await Promise.all(one.steps.map((each) => this.step(each, transaction)));
        break;
      case 'raw':
        await sequelize.query(INSERT_LINE[dialectOf(sequelize)] ?? '', { transaction });
        break;
      case 'fail':
        await this.fail(transaction);
        break;
      case 'transaction':
        await this.transaction(one.steps, one.commits, transaction);
        break;
      default:
        await this.instanceStep(one, transaction);
    }
  }

  /** PostgreSQL gives a transaction up with a statement that fails, unless there is a savepoint before it. */
  private async fail(transaction: Transaction | null): Promise<void> {
    const rows = [{ unique: 1 }, { unique: 1 }];
    const failing =
      transaction && dialectOf(this.sequelize) === 'postgres'
        ? this.copy.transact(this.sequelize, transaction, (inner) => this.Item.bulkCreate(rows, { transaction: inner }))
        : this.Item.bulkCreate(rows, { transaction });
    await failing.then(
      () => assert.fail(),
      () => {},
    );
  }

  private async instanceStep(
    { do: action, row, value }: { readonly do: string; readonly row: number; readonly value: number },
    transaction: Transaction | null,
  ): Promise<void> {
    const item = (await this.Item.findAll({ transaction, paranoid: false, order: ['id'] }))[row];
    if (action === 'update') await item?.update({ value }, { transaction });
    if (action === 'destroy') await item?.destroy({ transaction });
    if (action === 'restore' && this.paranoid) await item?.restore({ transaction });
    if (action === 'increment') await item?.increment('value', { by: value + 1, transaction });
  }

  private async transaction(steps: readonly Step[], commits: boolean, transaction: Transaction | null): Promise<void> {
    await this.copy
      .transact(this.sequelize, transaction, async (inner) => {
        await this.run(steps, inner);
        if (!commits) throw UNDO;
      })
      .catch((error: unknown) => assert.equal(error, UNDO));
  }
}

interface Item {
  readonly value: number;
  readonly deleted: boolean;
}

interface State {
  readonly items: Map<string, Item>;
  log: number;
}

/** What the records say: what the database holds, and what happened to each item, statement by statement. */
interface Replayed {
  readonly state: State;
  readonly history: string[][];
}

function replay(records: readonly ModelEvent[], paranoid: boolean): Replayed {
  const state: State = { items: new Map(), log: 0 };
  const done = records.filter(({ outcome }) => outcome !== 'failure');
  return { state, history: done.map((record) => apply(record, state, paranoid).filter(isChange)) };
}

/** What a record says that happened to items; for a bulk operation, in any order. */
function apply(record: ModelEvent, state: State, paranoid: boolean): string[] {
  const { event_type, instance_id: id, instance_repr: row, extra } = record;
  const { items } = state;
  const value = row['value'] as number;
  const known = (): Item => items.get(id) ?? assert.fail(`${event_type} of a row that isn't there: ${id}`);
  const { value: by } = (extra['by'] ?? {}) as { value?: number };
  const where = (): string[] => {
    const [, from] = /"value":(\d+)/.exec(JSON.stringify(extra['where'])) ?? [];
    // Sequelize increments rows that are deleted, too.
    const isMeant = (item: Item): boolean => item.value === Number(from) && (!item.deleted || by !== undefined);
    return [...items].filter(([, item]) => isMeant(item)).map(([key]) => key);
  };
  const create = (key: string, created: number): string => {
    items.set(key, { value: created, deleted: false });
    return `+ ${key} ${created}`;
  };
  const update = (key: string, change: Partial<Item>): string => {
    const before = items.get(key) as Item;
    const item = { ...before, ...change };
    items.set(key, item);
    return `~ ${key} ${shown(before)} -> ${shown(item)}`;
  };
  const remove = (key: string): string => {
    if (paranoid) return update(key, { deleted: true });
    const { value: last } = items.get(key) as Item;
    items.delete(key);
    return `- ${key} ${last}`;
  };
  /** The driver of MariaDB doesn't count rows that an UPDATE left as they were. */
  const matching = (lines: string[]): string[] => {
    const counts = [lines.length, lines.filter(isChange).length];
    // Beside rows that were told of each for itself, or were left as they were.
    const isPart = extra['truncated'] === true && (extra['total_count'] as number) <= lines.length;
    assert.ok(isPart || counts.includes(extra['total_count'] as number), event_type);
    return lines;
  };
  switch (event_type) {
    case 'CREATE':
      return [create(id, value)];
    case 'BULK_CREATE':
      return (extra['instance_ids'] as string[]).map((created) => create(created, 0));
    case 'UPDATE': {
      const after = by === undefined ? value : known().value + by;
      assertValues(record, known().value, after);
      return [update(id, { value: after })];
    }
    case 'BULK_UPDATE':
      return matching(
        where().map((key) => update(key, { value: by === undefined ? value : (items.get(key) as Item).value + by })),
      );
    case 'DELETE':
      assert.equal(value, known().value);
      return [remove(id)];
    case 'RESTORE':
      known();
      return [update(id, { deleted: false })];
    case 'BULK_DELETE':
      return matching(where().map(remove));
    case 'SQL':
      state.log += 1;
      return [];
    default:
      return assert.fail(event_type);
  }
}

function shown({ value, deleted }: Item): string {
  return `${value}${deleted ? ' deleted' : ''}`;
}

function assertValues({ changes }: ModelEvent, old: number, after: number): void {
  if (changes?.['value']) assert.deepEqual(changes['value'], [old, after]);
}

/** The database's own lines, parted as the records say that they belong together. */
function parted(lines: readonly string[], like: readonly string[][]): string[][] {
  let at = 0;
  const parts = like.map(({ length }) => lines.slice(at, (at += length)));
  return at < lines.length ? [...parts, lines.slice(at)] : parts;
}

/** What changes several rows at once is told of row by row, unless something came between the SELECT and that. */
function assertByRow(records: readonly ModelEvent[]): void {
  for (const { event_type, outcome, extra } of records) {
    if (outcome === 'success' && /^BULK_(?:UPDATE|DELETE)/.test(event_type))
      assert.ok(extra['truncated'] || extra['before_images'] === 'The transaction changed rows in between');
  }
}

const sorted = (parts: readonly string[][]): string[][] => parts.map((part) => part.toSorted());

/**
 * Has an application do any sequence of changes, in transactions and savepoints that are committed and rolled back, and
 * compares what its records say with what the database's own triggers logged, and with what the tables hold in the end;
 * and what was counted with what was sent.
 */
export async function replayAnySequence(
  newDatabase: () => LoggedDatabase,
  numRuns: number,
  copy: SequelizeCopy,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), fc.boolean(), async (steps, paranoid, asked) => {
      const images = asked && copy.hasBeforeImages;
      const { sequelize, log } = newDatabase();
      const application = new Application(sequelize, copy, paranoid, images);
      try {
        await sequelize.sync({ force: true });
        await logHistory(sequelize, paranoid);
        takeRecords();
        log.take();
        const counts = await counted(() => application.run(steps, null));
        const sent = log.take();
        const bySql = sent.filter((sql) => sql === INSERT_LINE[dialectOf(sequelize)]).length;
        assert.deepEqual(counts, { explained: sent.length - bySql, unexplained: bySql, leftOut: 0 });
        const records = takeRecords();
        if (images) assertByRow(records);
        const { state, history } = replay(records, paranoid);
        assert.deepEqual(sorted(history), sorted(parted(await historyOf(sequelize), history)));
        assert.deepEqual(state, await application.stored());
      } finally {
        await sequelize.close();
      }
    }),
    { numRuns },
  );
}
