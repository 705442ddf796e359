import { guard } from '../event/guard.ts';
import { define } from './define.ts';
import { type Answer, around, isPromise } from './sequelize-around.ts';
import { Call, SchemaCall, currentCall, within } from './sequelize-call.ts';
import { failureText, mayHaveBeenDone } from './sequelize-error.ts';
import { watchUnfinished } from './sequelize-journal.ts';
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
  isObject,
} from './sequelize-shape.ts';
import { type Describe, READS, SCHEMA_CHANGES, type Statement, WRITES } from './sequelize-statement.ts';
import { followQuery, watchCommits } from './sequelize-transaction.ts';

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
 * 2. `beforeQuery`, for the SQL that the application wrote: all that was not sent from within the first door. What the
 *    database answers to either, and what becomes of a transaction, is seen here.
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
    for (const model of sequelize.modelManager.models) recorder.learn(model);
    return;
  }
  const slot: Slot = { recorder };
  Object.defineProperty(sequelize, SLOT, { value: slot });
  watchUnfinished();
  watchQueryInterface(sequelize, slot);
  watchQueries(sequelize, slot);
  watchValidation(sequelize, slot);
  watchDefinitions(sequelize, slot);
}

function watchQueryInterface(sequelize: SequelizeShape, slot: Slot): void {
  const queryInterface = sequelize.getQueryInterface();
  for (const [method, describe] of Object.entries(WRITES)) {
    around(queryInterface, method, (run, args) => record(sequelize, slot.recorder, describe, run, args));
  }
  for (const [method, describe] of Object.entries(READS)) {
    around(queryInterface, method, (run, args) =>
      slot.recorder.mayRead ? record(sequelize, slot.recorder, describe, run, args) : within(new Call(sequelize), run),
    );
  }
  for (const method of SCHEMA_CHANGES) around(queryInterface, method, (run) => within(new SchemaCall(sequelize), run));
  watchCommits(queryInterface);
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
  return within(new Call(sequelize, described.instance), run, (outcome, answer) => {
    tell(recorder, described.tell, answer ?? { ...outcome, transaction: described.transaction, isUnsent: true });
  });
}

/**
 * The transaction of a statement. Like `Sequelize#query`, which asks its CLS namespace where the options name none:
 * https://github.com/sequelize/sequelize/blob/v6/src/sequelize.js
 */
function transactionOf(sequelize: SequelizeShape, options: OptionsShape | undefined): TransactionShape | undefined {
  const { [NAMESPACE]: namespace } = sequelize.constructor as unknown as SequelizeClassShape;
  const transaction = options?.transaction === undefined ? namespace?.get('transaction') : options.transaction;
  return isTransaction(transaction) ? transaction : undefined;
}

/** A bare `{ connection }` says where a query shall run, and has no end. */
function isTransaction(value: unknown): value is TransactionShape {
  return isObject(value) && typeof value['id'] === 'string';
}

/** Put before the application's own hooks: see `Call`. */
function watchQueries(sequelize: SequelizeShape, slot: Slot): void {
  const beforeQuery = (options: OptionsShape, query: QueryShape): void => {
    guard('watching a query', () => {
      const { dialect = '' } = sequelize.options;
      const call = currentCall();
      const own = call?.owns(options, sequelize) ? call : undefined;
      const transaction = transactionOf(sequelize, options);
      const isRead = options.type === 'SELECT';
      const isDeletion = options.type === 'DELETE' && options.instance !== undefined;
      aroundRun(query, (sql) => {
        const answered = own
          ? (answer: Answer): void => void (own.answer = answer)
          : guard('reading a query', () => rawTeller(slot.recorder, sql, options, dialect));
        return followQuery({ query, sql, dialect, transaction, isRead, isDeletion }, answered);
      });
    });
  };
  const { hooks } = sequelize.options;
  hooks['beforeQuery'] = [{ name: 'activity-audit', fn: beforeQuery }, ...(hooks['beforeQuery'] ?? [])];
}

/** By hand, and in as few calls as can be: they stand in the stacks of the application's errors. */
function aroundRun(query: QueryShape, sent: (sql: string) => ReturnType<typeof followQuery>): void {
  const original = query.run;
  const run = function (this: QueryShape, ...args: Parameters<QueryShape['run']>): Promise<unknown> {
    const follow = guard('watching a query', () => sent(args[0]));
    const running = Reflect.apply(original, this, args);
    return follow && isPromise(running) ? follow(running) : running;
  };
  define(query, 'run', run, false);
}

/** Tells of SQL that the application wrote; undefined where there is nothing to tell. */
function rawTeller(
  recorder: Recorder,
  sql: string,
  options: OptionsShape,
  dialect: string,
): ((answer: Answer) => void) | undefined {
  const statement = recorder.active ? rawStatement(sql, options, dialect) : undefined;
  if (!statement) return undefined;
  return (answer) => {
    // A query that is retried has one failure.
    if (answer.failed && failedOnce.has(options)) return;
    if (answer.failed) failedOnce.add(options);
    tell(recorder, statement, answer);
  };
}

const failedOnce = new WeakSet<OptionsShape>();

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
        slot.recorder.record(
          { ...told, outcome: 'failure', errorMessage: failureText(error) },
          transactionOf(sequelize, options),
        );
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
  for (const model of sequelize.modelManager.models) slot.recorder.learn(model);
  sequelize.addHook('afterDefine', 'activity-audit', (model: ModelShape) => {
    guard('reading a model', () => slot.recorder.learn(model));
  });
}

function tell(recorder: Recorder, statement: Statement['tell'], answer: Answer): void {
  const { failed, result, transaction, place } = answer;
  const told = statement(failed ? undefined : result);
  if (!told) return;
  recorder.record(failed ? { ...told, ...failureOf(answer, told) } : told, transaction, place);
}

function failureOf({ error, transaction, isUnsent }: Answer, { action }: Told): Pick<Told, 'outcome' | 'errorMessage'> {
  const isUnknown = !isUnsent && action !== 'READ' && mayHaveBeenDone(error, transaction !== undefined);
  return { outcome: isUnknown ? 'unknown' : 'failure', errorMessage: failureText(error) };
}
