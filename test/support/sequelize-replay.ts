import assert from 'node:assert/strict';

import * as fc from 'fast-check';
import { DataTypes, type Model, type ModelStatic, type Sequelize, type Transaction } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { takeRecords } from './sequelize-records.ts';

/** Numbers pick a row by its place in the table, and give the value that is written. */
type Step =
  | {
      readonly do: 'create' | 'update' | 'destroy' | 'restore' | 'increment' | 'fail' | 'raw';
      readonly row: number;
      readonly value: number;
    }
  | { readonly do: 'bulkCreate' | 'bulkUpdate' | 'bulkDestroy'; readonly from: number; readonly value: number }
  | { readonly do: 'transaction'; readonly steps: readonly Step[]; readonly commits: boolean };

const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      do: fc.constantFrom('create', 'update', 'destroy', 'restore', 'increment', 'fail', 'raw'),
      row: fc.nat(9),
      value: fc.nat(9),
    }),
    fc.record({ do: fc.constantFrom('bulkCreate', 'bulkUpdate', 'bulkDestroy'), from: fc.nat(9), value: fc.nat(9) }),
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
  private readonly paranoid: boolean;

  constructor(sequelize: Sequelize, paranoid: boolean) {
    this.sequelize = auditSequelize(sequelize, { reads: false });
    this.paranoid = paranoid;
    this.Item = this.sequelize.define(
      'Item',
      { value: DataTypes.INTEGER, unique: { type: DataTypes.INTEGER, unique: true } },
      { paranoid, updatedAt: false, createdAt: false },
    );
    this.sequelize.define('Log', {}, { timestamps: false });
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
      log: (await this.sequelize.models['Log']?.count()) ?? 0,
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
      case 'raw':
        await sequelize.query(INSERT_LINE[sequelize.getDialect()] ?? '', { transaction });
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
      transaction && this.sequelize.getDialect() === 'postgres'
        ? this.sequelize.transaction({ transaction }, (inner) => this.Item.bulkCreate(rows, { transaction: inner }))
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
    await this.sequelize
      .transaction({ transaction }, async (inner) => {
        await this.run(steps, inner);
        if (!commits) throw UNDO;
      })
      .catch((error: unknown) => assert.equal(error, UNDO));
  }
}

interface Item {
  value: number;
  deleted: boolean;
}

interface State {
  readonly items: Map<string, Item>;
  log: number;
}

/** What the records say that the database holds. */
function replay(records: readonly ModelEvent[], paranoid: boolean): State {
  const state: State = { items: new Map(), log: 0 };
  for (const record of records) {
    if (record.outcome !== 'failure') apply(record, state, paranoid);
  }
  return state;
}

function apply(
  { event_type, instance_id: id, instance_repr: row, extra }: ModelEvent,
  state: State,
  paranoid: boolean,
): void {
  const { items } = state;
  const value = row['value'] as number;
  const known = (): Item => items.get(id) ?? assert.fail(`${event_type} of a row that isn't there: ${id}`);
  const where = (): [string, Item][] => {
    const [, from] = /"value":(\d+)/.exec(JSON.stringify(extra['where'])) ?? [];
    return [...items].filter(([, item]) => item.value === Number(from) && !item.deleted);
  };
  const remove = (key: string, item: Item): void => {
    if (paranoid) item.deleted = true;
    else items.delete(key);
  };
  switch (event_type) {
    case 'CREATE':
      items.set(id, { value, deleted: false });
      break;
    case 'BULK_CREATE':
      for (const created of extra['instance_ids'] as string[]) items.set(created, { value: 0, deleted: false });
      break;
    case 'UPDATE':
      known().value = extra['by'] ? known().value + (extra['by'] as { value: number }).value : value;
      break;
    case 'BULK_UPDATE':
      for (const [, item] of where()) item.value = value;
      break;
    case 'DELETE':
      remove(id, known());
      break;
    case 'RESTORE':
      known().deleted = false;
      break;
    case 'BULK_DELETE':
      for (const [key, item] of where()) remove(key, item);
      break;
    case 'SQL':
      state.log += 1;
      break;
    default:
      assert.fail(event_type);
  }
}

/**
 * Has an application do any sequence of changes, in transactions and savepoints that are committed and rolled back, and
 * compares what its records say with what the tables hold in the end.
 */
export async function replayAnySequence(newDatabase: () => Sequelize, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, paranoid) => {
      const application = new Application(newDatabase(), paranoid);
      try {
        await application.sequelize.sync({ force: true });
        takeRecords();
        await application.run(steps, null);
        assert.deepEqual(replay(takeRecords(), paranoid), await application.stored());
      } finally {
        await application.sequelize.close();
      }
    }),
    { numRuns },
  );
}
