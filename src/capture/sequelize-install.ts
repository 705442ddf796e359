import { AsyncLocalStorage } from 'node:async_hooks';

import { guard } from '../event/guard.ts';
import { errorText } from './sequelize-error.ts';
import { end, returnedToSavepoint, savepointSet } from './sequelize-journal.ts';
import { rawStatement } from './sequelize-raw.ts';
import type { Recorder, Told } from './sequelize-recorder.ts';
import { keyOf, storedRow } from './sequelize-row.ts';
import {
  type InstanceShape,
  type ModelShape,
  NAMESPACE,
  type OptionsShape,
  type QueryShape,
  type SequelizeClassShape,
  type SequelizeShape,
  type TransactionShape,
} from './sequelize-shape.ts';
import { type Describe, READS, SCHEMA_CHANGES, type Statement, WRITES } from './sequelize-statement.ts';

/** Shared by all copies of this package in a process. */
const SLOT = Symbol.for('activity-audit.sequelize.1');

/** The recorder of one Sequelize instance. */
interface Slot {
  recorder: Recorder;
}

/**
 * Makes one Sequelize instance record. There are two doors to the database, and each statement is told of at one:
 *
 * 1. The query interface, for all that the ORM does, with or without hooks: its arguments say what happens to which rows.
 * 2. `beforeQuery`, for the SQL that the application wrote: all that was not sent from within the first door.
 *
 * Nothing else of the instance is touched: `Sequelize.prototype.query` belongs to tracing instrumentations. An instance
 * that has a recorder keeps it, unless that one was switched off.
 */
export function install(sequelize: SequelizeShape, recorder: Recorder): void {
  const holder = sequelize as SequelizeShape & { [SLOT]?: Slot };
  const held = holder[SLOT];
  if (held) {
    if (held.recorder.active) return;
    held.recorder = recorder;
    for (const model of sequelize.modelManager.models) learnSensitiveNames(model, recorder);
    return;
  }
  const slot: Slot = { recorder };
  Object.defineProperty(sequelize, SLOT, { value: slot });
  watchQueryInterface(sequelize, slot);
  watchRawQueries(sequelize, slot);
  watchValidation(sequelize, slot);
  watchDefinitions(sequelize, slot);
}

/** The query interface call that the running code is in. */
const calls = new AsyncLocalStorage<Call>();

/** Knows which queries are the call's own: hooks of the application that run within it may send others. */
class Call {
  private instance: InstanceShape | undefined;
  private query: object | undefined;
  protected ended = false;

  constructor(instance?: InstanceShape) {
    this.instance = instance;
  }

  /** Our `beforeQuery` runs before the application's, so that the first query is the call's; a retry has the same options. */
  owns(options: OptionsShape): boolean {
    if (this.ended) return false;
    if (this.instance) return options.instance === this.instance;
    this.query ??= options;
    return this.query === options;
  }

  /** A connection that was opened within the call keeps the call for as long as it lives. */
  end(): void {
    this.ended = true;
    this.instance = undefined;
    this.query = undefined;
  }
}

/** A change of the schema: all of its queries are its own. */
class SchemaCall extends Call {
  override owns(): boolean {
    return !this.ended;
  }
}

function watchQueryInterface(sequelize: SequelizeShape, slot: Slot): void {
  const queryInterface = sequelize.getQueryInterface();
  for (const [method, describe] of Object.entries(WRITES)) {
    around(queryInterface, method, (run, args) => record(sequelize, slot.recorder, describe, run, args));
  }
  for (const [method, describe] of Object.entries(READS)) {
    around(queryInterface, method, (run, args) =>
      slot.recorder.reads ? record(sequelize, slot.recorder, describe, run, args) : within(new Call(), run),
    );
  }
  for (const method of SCHEMA_CHANGES) around(queryInterface, method, (run) => within(new SchemaCall(), run));
  watchTransactions(queryInterface);
}

/** Runs one call of the query interface and records it. */
function record(
  sequelize: SequelizeShape,
  recorder: Recorder,
  describe: Describe,
  run: () => Promise<unknown>,
  args: readonly unknown[],
): Promise<unknown> {
  if (!recorder.active) return run();
  const described = guard('describing a statement', () => {
    const statement = describe(sequelize, ...(args as never[]));
    return statement && { ...statement, transaction: transactionOf(sequelize, statement.options) };
  });
  if (!described) return run();
  return within(new Call(described.instance), run, (outcome) => {
    tell(recorder, described.tell, outcome, described.transaction);
  });
}

/** Runs `run` as the given call. */
function within(call: Call, run: () => Promise<unknown>, ended?: (outcome: Ended) => void): Promise<unknown> {
  return observe(
    () => calls.run(call, run),
    (outcome) => {
      call.end();
      ended?.(outcome);
    },
  );
}

/**
 * The transaction of a statement. Like `Sequelize#query`, which asks its CLS namespace where the options name none:
 * https://github.com/sequelize/sequelize/blob/v6/src/sequelize.js
 */
function transactionOf(sequelize: SequelizeShape, options: OptionsShape | undefined): TransactionShape | undefined {
  if (options?.transaction !== undefined) return options.transaction ?? undefined;
  const { [NAMESPACE]: namespace } = sequelize.constructor as unknown as SequelizeClassShape;
  return (namespace?.get('transaction') ?? undefined) as TransactionShape | undefined;
}

/** A nested transaction is a savepoint; the name of an outer one changes when it gets another. */
function watchTransactions(queryInterface: object): void {
  around(queryInterface, 'startTransaction', (run, args) => {
    const [transaction] = args as [TransactionShape];
    const { name, parent } = transaction;
    return observe(run, ({ failed }) => {
      if (!failed && parent) savepointSet(transaction, name);
    });
  });
  around(queryInterface, 'commitTransaction', (run, args) => {
    const [transaction] = args as [TransactionShape];
    if (transaction.parent) return run();
    return observe(run, ({ failed, error, result }) => {
      if (failed) end(transaction, 'unknown', error);
      else end(transaction, wasRefused(result) ? 'rollback' : 'commit');
    });
  });
  around(queryInterface, 'rollbackTransaction', (run, args) => {
    const [transaction] = args as [TransactionShape];
    const { name, parent } = transaction;
    return observe(run, ({ failed }) => {
      // Where ROLLBACK fails, Sequelize kills the connection.
      if (!parent) end(transaction, 'rollback');
      else if (!failed) returnedToSavepoint(transaction, name);
    });
  });
}

/** PostgreSQL answers COMMIT with ROLLBACK, and no error, where a statement of the transaction had failed. */
function wasRefused(result: unknown): boolean {
  const [, answer] = Array.isArray(result) ? (result as unknown[]) : [];
  return typeof answer === 'object' && answer !== null && (answer as { command?: unknown }).command === 'ROLLBACK';
}

/** Put before the application's own hooks: see `Call`. */
function watchRawQueries(sequelize: SequelizeShape, slot: Slot): void {
  const failed = new WeakSet<OptionsShape>();
  const beforeQuery = (options: OptionsShape, query: QueryShape): void => {
    guard('watching a query', () => {
      const { recorder } = slot;
      if (!recorder.active || calls.getStore()?.owns(options)) return;
      around(query, 'run', (run, [sql]) => {
        const statement = guard('reading a query', () =>
          rawStatement(sql as string, options, sequelize.options.dialect),
        );
        if (!statement) return run();
        return observe(run, (outcome) => {
          // A query that is retried has one failure.
          if (outcome.failed && failed.has(options)) return;
          if (outcome.failed) failed.add(options);
          tell(recorder, statement, outcome, options.transaction ?? undefined);
        });
      });
    });
  };
  const { hooks } = sequelize.options;
  hooks['beforeQuery'] = [{ name: 'activity-audit', fn: beforeQuery }, ...(hooks['beforeQuery'] ?? [])];
}

/** What validation rejects never reaches the query interface. */
function watchValidation(sequelize: SequelizeShape, slot: Slot): void {
  sequelize.addHook(
    'validationFailed',
    'activity-audit',
    (instance: InstanceShape, options: OptionsShape, error: unknown) => {
      // A bare `instance.validate()` writes nothing.
      if (!slot.recorder.active || options.validate !== true) return;
      guard('recording a rejected change', () => {
        const row = storedRow(instance, instance.dataValues);
        const action = rejectedAction(instance, options);
        const key = action === 'BULK_UPDATE' ? [] : keyOf(row, instance.constructor);
        const told: Told = { model: instance.constructor.name, action, key, row };
        tell(slot.recorder, () => told, { failed: true, error }, transactionOf(sequelize, options));
      });
    },
  );
}

function rejectedAction(instance: InstanceShape, options: OptionsShape): Told['action'] {
  if (options.type === 'BULKUPDATE') return 'BULK_UPDATE';
  if (options.instance === instance) return 'UPSERT';
  return instance.isNewRecord ? 'CREATE' : 'UPDATE';
}

function watchDefinitions(sequelize: SequelizeShape, slot: Slot): void {
  for (const model of sequelize.modelManager.models) learnSensitiveNames(model, slot.recorder);
  sequelize.addHook('afterDefine', 'activity-audit', (model: ModelShape) => {
    guard('reading a model', () => learnSensitiveNames(model, slot.recorder));
  });
}

function learnSensitiveNames(model: ModelShape, recorder: Recorder): void {
  for (const [name, attribute] of Object.entries(model.rawAttributes)) {
    if (attribute.sensitive === true) recorder.redactor.addNames([name, attribute.field ?? name]);
  }
}

interface Ended {
  readonly failed: boolean;
  readonly result?: unknown;
  readonly error?: unknown;
}

function tell(
  recorder: Recorder,
  statement: Statement['tell'],
  { failed, result, error }: Ended,
  transaction: TransactionShape | undefined,
): void {
  const told = statement(failed ? undefined : result);
  if (!told || (told.action === 'READ' && !recorder.reads)) return;
  recorder.record(failed ? { ...told, outcome: 'failure', errorMessage: errorText(error) } : told, transaction);
}

/** Runs `run`, and `ended` before the caller learns of the end. */
function observe(run: () => Promise<unknown>, ended: (outcome: Ended) => void): Promise<unknown> {
  const running = run();
  if (typeof (running as Partial<Promise<unknown>> | undefined)?.then !== 'function') return running;
  return running.then(
    (result) => {
      guard('recording a statement', () => ended({ failed: false, result }));
      return result;
    },
    (error: unknown) => {
      guard('recording a statement', () => ended({ failed: true, error }));
      throw error;
    },
  );
}

type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * Puts `wrapper` around a method of this one object. The method of its class is looked up with each call, as others may
 * patch that, and no mark of shimmer is left, which would make them undo each other.
 */
function around(
  target: object,
  name: string,
  wrapper: (run: () => Promise<unknown>, args: readonly unknown[]) => Promise<unknown>,
): void {
  const methods = target as Record<string, Method | undefined>;
  if (typeof methods[name] !== 'function') return;
  const own = Object.hasOwn(target, name) ? methods[name] : undefined;
  const prototype = Object.getPrototypeOf(target) as Record<string, Method>;
  const value = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return wrapper(() => (own ?? prototype[name] ?? unreachable).apply(this, args), args);
  };
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}

function unreachable(): never {
  throw new TypeError('not a function');
}
