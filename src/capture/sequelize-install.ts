import { AuditUnavailableError } from '../event/audit-unavailable-error.ts';
import { guard } from '../event/guard.ts';
import { define } from './define.ts';
import { type Answer, around, isPromise, recorded } from './sequelize-around.ts';
import { type BeforeImages, unwatch, writeSent } from './sequelize-before-images.ts';
import { Call, WholeCall, currentCall, within } from './sequelize-call.ts';
import { type Coverage, count } from './sequelize-coverage.ts';
import { failureText, mayHaveBeenDone } from './sequelize-error.ts';
import { partedByRow } from './sequelize-imaged-rows.ts';
import { watchUnfinished } from './sequelize-journal.ts';
import type { Doors } from './sequelize-major.ts';
import { MAJORS } from './sequelize-majors.ts';
import { type RawStatement, rawStatement } from './sequelize-raw.ts';
import type { Recorder, Told } from './sequelize-recorder.ts';
import { refusal } from './sequelize-refusal.ts';
import { type ImageRules, type Selection, selectBefore } from './sequelize-select-before.ts';
import { type OptionsShape, type QueryShape, type TransactionShape, isObject } from './sequelize-shape.ts';
import { type Describe, SCHEMA_CHANGES, type Statement } from './sequelize-statement.ts';
import { followQuery, watchEnds } from './sequelize-transaction.ts';
import { watchValidation } from './sequelize-validation.ts';

/** Shared by all copies of this package in a process. */
const SLOT = Symbol.for('activity-audit.sequelize.1');

/** The recorder of one Sequelize instance. */
interface Slot {
  recorder: Recorder;
  readonly doors: Doors;
}

/**
 * Makes one Sequelize instance record. There are two doors to the database, and each statement is told of at one:
 *
 * 1. The query interface, for all that the ORM does, with or without hooks: its arguments say what happens to which rows.
 * 2. The query itself, for the SQL that the application wrote: all that was not sent from within the first door. What the
 *    database answers to either, and what becomes of a transaction, is seen here.
 *
 * What never comes to either, as validation rejects it, is seen where instances are validated.
 *
 * Nothing else of the instance is touched: `Sequelize.prototype.query` belongs to tracing instrumentations. An instance
 * that has a recorder keeps it, unless that one was switched off.
 *
 * @returns false for what isn't an instance of Sequelize
 */
export function install(instance: object, recorder: Recorder): boolean {
  const doors = doorsOf(instance);
  if (!doors) return false;
  const { models } = doors.sequelize;
  const held = (instance as { [SLOT]?: Slot })[SLOT];
  if (held) {
    if (held.recorder.active) return true;
    held.recorder = recorder;
    for (const model of models) recorder.learn(model);
    return true;
  }
  const slot: Slot = { recorder, doors };
  Object.defineProperty(instance, SLOT, { value: slot });
  watchUnfinished();
  watchQueryInterface(doors, slot);
  watchQueries(doors, slot);
  guard('watching validation', () => watchValidation(doors, tellRejected));
  watchDefinitions(doors, slot);
  return true;
}

/** Whether an instance, or what becomes of its transactions, is watched. */
export function isInstalled(sequelize: object): boolean {
  return SLOT in sequelize;
}

function doorsOf(instance: object): Doors | undefined {
  for (const major of MAJORS) {
    const doors = major.doorsOf(instance);
    if (doors) return doors;
  }
  return undefined;
}

function watchQueryInterface(doors: Doors, slot: Slot): void {
  const { sequelize, queryInterface, writes, reads, commit, rollback } = doors;
  for (const [method, describe] of Object.entries(writes)) {
    around(queryInterface, method, (run, args) => record(doors, slot.recorder, describe, run, args, tellChange));
  }
  for (const [method, describe] of Object.entries(reads)) {
    around(queryInterface, method, (run, args) =>
      slot.recorder.mayRead
        ? record(doors, slot.recorder, describe, run, args, tell)
        : within(new Call(sequelize), run),
    );
  }
  for (const method of SCHEMA_CHANGES) around(queryInterface, method, (run) => within(new WholeCall(sequelize), run));
  watchEnds(queryInterface, commit, rollback);
}

/** Runs one call of the query interface and records it. */
function record(
  doors: Doors,
  recorder: Recorder,
  describe: Describe,
  run: () => Promise<unknown>,
  args: readonly unknown[],
  told: typeof tellChange | typeof tell,
): Promise<unknown> {
  if (!recorder.active) return run();
  const { sequelize, selecting } = doors;
  const described = guard('describing a statement', () => {
    const statement = describe(sequelize, ...(args as never[]));
    return statement && { ...statement, transaction: transactionOf(doors, statement.options) };
  });
  if (!described) return run();
  const refused = told === tellChange ? refusal(recorder, described.tell) : undefined;
  if (refused !== undefined) return Promise.reject(new AuditUnavailableError(refused));
  const { target, transaction } = described;
  const rules = target && guard('describing a statement', () => recorder.imagesOf(target.name));
  if (target && rules && selecting) {
    return recordByRow(recorder, { ...described, sequelize, selecting, target, transaction }, rules, run);
  }
  const call = described.isWhole ? new WholeCall(sequelize) : new Call(sequelize, described.instance);
  return within(call, run, (outcome, answer) => {
    told(recorder, described.tell, answer ?? { ...outcome, transaction, isUnsent: true });
  });
}

/** Selects the rows that the call is about to change before it runs, and records what it did to each. */
async function recordByRow(
  recorder: Recorder,
  statement: Statement & Selection,
  rules: ImageRules,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const { sequelize, transaction } = statement;
  let images: BeforeImages;
  try {
    images = await selectBefore(statement, rules);
  } catch (error) {
    const acknowledged = recorded(() =>
      tellChange(recorder, statement.tell, { failed: true, error, transaction, isUnsent: true }),
    );
    if (acknowledged) await acknowledged;
    throw error;
  }
  const tellByRow: Statement['tell'] = (result) => {
    const told = statement.tell(result);
    return told && partedByRow(told, images, result, sequelize.dialect);
  };
  const call = new Call(sequelize, statement.instance);
  call.images = images;
  return within(call, run, (outcome, answer) => {
    const ended = answer ?? { ...outcome, transaction, isUnsent: true };
    unwatch(images);
    tellChange(recorder, ended.failed ? statement.tell : tellByRow, ended);
  });
}

function transactionOf(doors: Doors, options: OptionsShape | undefined): TransactionShape | undefined {
  const transaction = doors.transactionOf(options);
  return isTransaction(transaction) ? transaction : undefined;
}

/** A bare `{ connection }` says where a query shall run, and has no end. */
function isTransaction(value: unknown): value is TransactionShape {
  return isObject(value) && typeof value['id'] === 'string';
}

function watchQueries(doors: Doors, slot: Slot): void {
  const { sequelize } = doors;
  doors.onQuery((options, query) => {
    guard('watching a query', () => {
      const { dialect } = sequelize;
      const call = currentCall();
      const own = call?.owns(options, sequelize) ? call : undefined;
      const transaction = transactionOf(doors, options);
      const isRead = options.type === 'SELECT';
      const isDeletion = options.type === 'DELETE' && options.instance !== undefined;
      aroundRun(query, (sql) => {
        if (!doors.sends(sql)) return undefined;
        const { recorder } = slot;
        const raw = own || !recorder.active ? undefined : rawStatementIn(sql, options, dialect);
        const refused = raw?.changesRows === true ? refusal(recorder, raw.tell) : undefined;
        if (refused !== undefined) return refused;
        if (transaction && !isRead) writeSent(transaction, options.model, own?.images);
        const answered = own
          ? (answer: Answer): void => void (own.answer = answer)
          : raw && rawTeller(recorder, raw, options);
        return followQuery({ query, sql, dialect, transaction, isRead, isDeletion }, answered);
      });
    });
  });
}

/**
 * By hand, and in as few calls as can be: they stand in the stacks of the application's errors.
 *
 * @param sent returns a text where the query must not be sent: why no record of it can be written
 */
function aroundRun(query: QueryShape, sent: (sql: string) => ReturnType<typeof followQuery> | string): void {
  const original = query.run;
  const run = function (this: QueryShape, ...args: Parameters<QueryShape['run']>): Promise<unknown> {
    const follow = guard('watching a query', () => sent(args[0]));
    if (typeof follow === 'string') return Promise.reject(new AuditUnavailableError(follow));
    const running = Reflect.apply(original, this, args);
    return follow && isPromise(running) ? follow(running) : running;
  };
  define(query, 'run', run, false);
}

/** What SQL does that the application wrote; undefined where there is nothing to tell. */
function rawStatementIn(sql: string, options: OptionsShape, dialect: string): RawStatement | undefined {
  return guard('reading a query', () => rawStatement(sql, options, dialect));
}

/** Tells of SQL that the application wrote. */
function rawTeller(recorder: Recorder, statement: RawStatement, options: OptionsShape): (answer: Answer) => void {
  return (answer) => {
    // A query that is retried has one failure, and is one statement. Its options are its own: Sequelize copies them.
    const isRetried = failedOnce.has(options);
    if (answer.failed && isRetried) return;
    if (answer.failed) failedOnce.add(options);
    const told = statement.changesRows && !isRetried ? tellChange : tell;
    told(recorder, statement.tell, answer);
  };
}

const failedOnce = new WeakSet<OptionsShape>();

function tellRejected(sequelize: object, rejected: Told, options: OptionsShape): void {
  const { doors, recorder } = (sequelize as { [SLOT]?: Slot })[SLOT] ?? {};
  if (doors && recorder?.active) recorder.record({ ...rejected, outcome: 'failure' }, transactionOf(doors, options));
}

function watchDefinitions(doors: Doors, slot: Slot): void {
  for (const model of doors.sequelize.models) slot.recorder.learn(model);
  doors.onDefined((model) => {
    guard('reading a model', () => slot.recorder.learn(model));
  });
}

/** Tells of a statement that changes rows, and counts it. */
function tellChange(recorder: Recorder, statement: Statement['tell'], answer: Answer): void {
  let coverage: Coverage = 'unexplained';
  try {
    coverage = tell(recorder, statement, answer) ?? 'explained';
  } finally {
    if (!answer.isUnsent) count(coverage);
  }
}

/** Undefined where no row was changed or looked at. */
function tell(recorder: Recorder, statement: Statement['tell'], answer: Answer): Coverage | undefined {
  const { failed, result, transaction, place } = answer;
  const told = statement(failed ? undefined : result);
  if (!told) return undefined;
  const coverage = recorder.record(failed ? { ...told, ...failureOf(answer, told) } : told, transaction, place);
  // SQL may change other tables than the one that is read in it.
  return told.action === 'SQL' ? 'unexplained' : coverage;
}

function failureOf({ error, transaction, isUnsent }: Answer, { action }: Told): Pick<Told, 'outcome' | 'errorMessage'> {
  const isUnknown = !isUnsent && action !== 'READ' && mayHaveBeenDone(error, transaction !== undefined);
  return { outcome: isUnknown ? 'unknown' : 'failure', errorMessage: failureText(error) };
}
