import assert from 'node:assert/strict';

import { BaseError, DataTypes, type Model, type ModelStatic, Sequelize, type Transaction } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { withActor } from '../../src/context/actor.ts';
import { newNamespace } from './cls-namespace.ts';
import { type ItemChange, changesIn, logChanges } from './item-changes.ts';
import { quoted } from './quoted.ts';
import type { Leaf, Program, Step } from './any-program.ts';

/** One step that was done, by the actor `u<mark>`. */
export interface Done {
  readonly do: Leaf['do'];
  /** No other step writes this number. */
  readonly mark: number;
  /** What the application was told of its write; undefined where it didn't come to that. */
  told: 'done' | 'failed' | undefined;
  /** False of SQL that Sequelize didn't send, as its transaction was over: nothing of it is recorded. */
  isSent: boolean;
  /** The row that it aimed at, as the application saw it. */
  aim?: { readonly id: string; readonly value: number; readonly deleted: boolean };
  readonly team: number;
  /** Whether nobody else could change that row between the look and the write. */
  readonly isExact: boolean;
  readonly root: Root | undefined;
  /** A time that counts steps: those that overlap may be told in any order. */
  readonly began: number;
  ended: number;
}

/** An outermost transaction. */
interface Root {
  readonly id: string;
  ended: number;
  /** One of its statements failed, a look or a write: it may be over before its end. */
  hasFailed: boolean;
}

/** Where a step runs. */
interface Scope {
  readonly transaction: Transaction | null;
  /** Whether a CLS namespace has the transaction, too. */
  readonly isCarried: boolean;
  readonly root: Root | undefined;
  /** Another step may run at the same time, in the same transaction. */
  readonly isShared: boolean;
}

const OUTSIDE: Scope = { transaction: null, isCarried: false, root: undefined, isShared: false };

const UNDO = new Error('undo');

/** An application of one model, whose rows are deleted softly if it is paranoid, and a log that raw SQL writes. */
export class ProgramApplication {
  private readonly sequelize: Sequelize;
  private readonly Item: ModelStatic<Model>;
  private readonly paranoid: boolean;
  private done: Done[] = [];
  private time = 0;
  private isParallel = false;

  constructor(sequelize: Sequelize, paranoid: boolean) {
    this.sequelize = auditSequelize(sequelize, { reads: false });
    this.paranoid = paranoid;
    this.Item = this.sequelize.define(
      'Item',
      {
        value: { type: DataTypes.INTEGER, validate: { min: 0 } },
        count: { type: DataTypes.INTEGER, defaultValue: 0 },
        team: { type: DataTypes.INTEGER, defaultValue: 0 },
        code: { type: DataTypes.INTEGER, unique: true },
      },
      { paranoid, updatedAt: false, createdAt: false },
    );
    this.sequelize.define('Log', { mark: DataTypes.INTEGER }, { timestamps: false });
  }

  async create(): Promise<void> {
    await this.sequelize.sync({ force: true });
    await logChanges(this.sequelize, this.paranoid);
  }

  async empty(): Promise<void> {
    for (const table of ['Items', 'Logs']) await this.sequelize.query(`DELETE FROM ${quoted(table, this.sequelize)}`);
    await this.sequelize.query('DELETE FROM History');
  }

  async close(): Promise<void> {
    await this.sequelize.close();
  }

  async run({ steps, cls }: Program): Promise<readonly Done[]> {
    this.done = [];
    this.time = 0;
    this.isParallel = JSON.stringify(steps).includes('in parallel');
    if (cls) Sequelize.useCLS(newNamespace());
    try {
      await this.steps(steps, OUTSIDE);
    } finally {
      Reflect.deleteProperty(Sequelize, '_cls');
    }
    return this.done;
  }

  history(): Promise<ItemChange[]> {
    return changesIn(this.sequelize);
  }

  /** The marks in the log. */
  async logged(): Promise<number[]> {
    const lines = (await this.sequelize.models['Log']?.findAll({ raw: true, order: ['mark'] })) ?? [];
    return lines.map((line) => (line as unknown as { mark: number }).mark);
  }

  private async steps(steps: readonly Step[], scope: Scope): Promise<void> {
    for (const step of steps) await this.step(step, scope);
  }

  private async step(step: Step, scope: Scope): Promise<void> {
    switch (step.do) {
      case 'in parallel':
        if (scope.transaction && !step.inTransaction) await this.steps(step.branches.flat(), scope);
        else await this.inParallel(step.branches, { ...scope, isShared: scope.transaction !== null });
        break;
      case 'transaction':
        await this.transaction(step, scope);
        break;
      default:
        await this.leaf(step, step.outside ? OUTSIDE : scope);
    }
  }

  /** Goes on when all are done, as an application must, before it ends a transaction. */
  private async inParallel(branches: readonly (readonly Step[])[], scope: Scope): Promise<void> {
    const ends = await Promise.allSettled(branches.map((steps) => this.steps(steps, scope)));
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure) throw failure.reason;
  }

  private async transaction(step: Extract<Step, { do: 'transaction' }>, scope: Scope): Promise<void> {
    const { transaction } = scope;
    const run = async (inner: Transaction): Promise<void> => {
      root ??= { id: (inner as unknown as { id: string }).id, ended: Infinity, hasFailed: false };
      await this.steps(step.steps, { ...scope, transaction: inner, isCarried: step.managed, root });
      if (!step.commits) throw UNDO;
    };
    let { root } = scope;
    try {
      if (step.managed) await this.sequelize.transaction({ transaction }, run);
      else await unmanaged(await this.sequelize.transaction({ transaction } as never), run);
    } catch (error) {
      if (error !== UNDO && (!isExpected(error) || (transaction && !step.swallowed))) throw error;
    } finally {
      if (root && !transaction) root.ended = this.time += 1;
    }
  }

  /** Does one step, by an actor of its own. */
  private async leaf(leaf: Leaf, scope: Scope): Promise<void> {
    const { transaction } = scope;
    this.time += 1;
    const done: Done = {
      do: leaf.do,
      mark: this.done.length + 1,
      told: undefined,
      isSent: true,
      team: leaf.team,
      isExact: !this.isParallel || (transaction !== null && !scope.isShared),
      root: scope.root,
      began: this.time,
      ended: Infinity,
    };
    this.done.push(done);
    try {
      await withActor(`u${done.mark}`, () =>
        leaf.guarded && transaction
          ? this.sequelize.transaction({ transaction }, (inner) =>
              this.write(leaf, done, { ...scope, transaction: inner, isCarried: true }),
            )
          : this.write(leaf, done, scope),
      );
    } catch (error) {
      if (scope.root) scope.root.hasFailed = true;
      if (!isExpected(error) || (transaction && !leaf.swallowed)) throw error;
    } finally {
      done.ended = this.time += 1;
    }
  }

  private async write(leaf: Leaf, done: Done, scope: Scope): Promise<void> {
    const write = await this.prepared(leaf, done, scope);
    if (!write) return;
    try {
      await write();
      done.told = 'done';
    } catch (error) {
      done.told = 'failed';
      done.isSent = !leaf.do.includes('SQL') || !/has been called on this transaction/.test(String(error));
      throw error;
    }
  }

  /** The write of a step, after the looks that it needs; undefined where there is no row to change. */
  private async prepared(leaf: Leaf, done: Done, scope: Scope): Promise<(() => Promise<unknown>) | undefined> {
    const { Item, sequelize } = this;
    const { team, code, hooks } = leaf;
    const value = done.mark;
    const options = { ...this.where(scope), hooks };
    const name = (identifier: string): string => quoted(identifier, sequelize);
    const items = name('Items');
    switch (leaf.do) {
      case 'create':
        return () => Item.create({ value, team }, options);
      case 'build and save':
        return () => Item.build({ value, team }).save(options);
      case 'create with a code':
        return () => Item.create({ value, team, code }, options);
      case 'bulkCreate':
        return () => Item.bulkCreate([{ value, team }, { value }], options);
      case 'bulkCreate each':
        return () => Item.bulkCreate([{ value, team }, { value }], { ...options, individualHooks: true });
      case 'bulkCreate ignoring duplicates':
        return () =>
          Item.bulkCreate(
            [
              { value, code },
              { value, code: 9 },
            ],
            { ...options, ignoreDuplicates: true },
          );
      case 'bulkCreate updating duplicates':
        return () =>
          Item.bulkCreate(
            [
              { value, team, code },
              { value, team, code: 9 },
            ],
            {
              ...options,
              updateOnDuplicate: ['value', 'team'],
            },
          );
      case 'upsert':
        return () => Item.upsert({ value, team, code }, options);
      case 'findOrCreate':
        return () => Item.findOrCreate({ where: { code }, defaults: { value, team }, ...options });
      case 'findCreateFind':
        return () => Item.findCreateFind({ where: { code }, defaults: { value, team }, ...options });
      case 'Model.increment':
        return () => Item.increment('count', { by: value, where: { team }, ...options });
      case 'Model.update':
        return () => Item.update({ value }, { where: { team }, ...options });
      case 'Model.update each':
        return () => Item.update({ value }, { where: { team }, ...options, individualHooks: true });
      case 'Model.destroy':
        return () => Item.destroy({ where: { team }, ...options });
      case 'Model.destroy each':
        return () => Item.destroy({ where: { team }, ...options, individualHooks: true });
      case 'Model.restore':
        return this.paranoid ? () => Item.restore({ where: { team }, ...options }) : undefined;
      case 'SQL INSERT':
        return () => sequelize.query(`INSERT INTO ${name('Logs')} (mark) VALUES (${value})`, this.where(scope));
      case 'SQL UPDATE':
        return () =>
          sequelize.query(`UPDATE ${items} SET ${name('value')} = :value WHERE team = :team`, {
            replacements: { value, team },
            ...this.where(scope),
          });
      case 'SQL DELETE':
        return () => sequelize.query(`DELETE FROM ${items} WHERE team = ${team}`, this.where(scope));
      case 'rejected by validation':
        // Without hooks, nothing tells of it.
        return () => Item.create({ value: -value }, { ...options, hooks: true });
      case 'rejected by a unique key':
        return () =>
          Item.bulkCreate(
            [
              { value, code: 8 },
              { value, code: 8 },
            ],
            options,
          );
      case 'rejected SQL':
        return () => sequelize.query(`UPDATE ${items} SET nothing = 1`, this.where(scope));
      default:
        return this.ofInstance(leaf, done, scope);
    }
  }

  private async ofInstance(
    { do: action, row, team, hooks }: Leaf,
    done: Done,
    scope: Scope,
  ): Promise<(() => Promise<unknown>) | undefined> {
    const options = { ...this.where(scope), hooks };
    const item = await this.item(row, scope);
    if (!item) return undefined;
    const { id, value: held, deletedAt } = item.get() as { id: number; value: number; deletedAt?: unknown };
    done.aim = { id: String(id), value: held, deleted: (deletedAt ?? null) !== null };
    const value = done.mark;
    switch (action) {
      case 'update':
        return () => item.update({ value }, options);
      case 'save':
        return () => item.set({ value, team }).save(options);
      case 'increment':
        return () => item.increment('count', { by: value, ...options });
      case 'decrement':
        return () => item.decrement('count', { by: value, ...options });
      case 'destroy':
        return () => item.destroy(options);
      case 'destroy with force':
        return () => item.destroy({ ...options, force: true });
      case 'restore':
        return this.paranoid ? () => item.restore(options) : undefined;
      default:
        return assert.fail(action);
    }
  }

  /** Locked where it may be, so that what it holds is what the row holds. */
  private async item(row: number, scope: Scope): Promise<Model | null> {
    const common = { paranoid: false, ...this.where(scope) };
    const found = await this.Item.findAll({ ...common, attributes: ['id'], order: ['id'], raw: true });
    const { id } = (found[row] ?? {}) as { id?: number };
    const lock = this.isParallel && scope.transaction ? { lock: true } : {};
    return id === undefined ? null : this.Item.findByPk(id, { ...common, ...lock });
  }

  private where({ transaction, isCarried }: Scope): { transaction?: Transaction | null } {
    return isCarried && '_cls' in Sequelize ? {} : { transaction };
  }
}

async function unmanaged(transaction: Transaction, run: (transaction: Transaction) => Promise<void>): Promise<void> {
  try {
    await run(transaction);
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
  await transaction.commit();
}

/** What the database, validation or Sequelize says; not a mistake of the program. */
function isExpected(error: unknown): boolean {
  return error instanceof BaseError || error === UNDO || /has been finished|has been called/.test(String(error));
}
