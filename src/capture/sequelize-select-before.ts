import { report } from '../event/guard.ts';
import { BeforeImages, type Target, watchUntilSent } from './sequelize-before-images.ts';
import { Call, within } from './sequelize-call.ts';
import { failureText, hasEndedTransaction } from './sequelize-error.ts';
import { rootOf } from './sequelize-journal.ts';
import type { Selecting } from './sequelize-major.ts';
import { type Row, foundRow, storedAttributes } from './sequelize-row.ts';
import {
  type ModelShape,
  type OptionsShape,
  type SequelizeShape,
  TIMESTAMPS,
  type TransactionShape,
} from './sequelize-shape.ts';

/** Which rows are selected, and what of them. */
export interface ImageRules {
  /** The most rows of one statement. */
  readonly most: number;
  /** Attributes that are not looked at. */
  readonly except: readonly string[];
}

/** Rows of one transaction that are kept until its end. */
const MAX_KEPT = 10_000;

/** By outermost transaction. */
const kept = new WeakMap<TransactionShape, number>();

/** What is known of a statement whose rows are selected. */
export interface Selection {
  readonly sequelize: SequelizeShape;
  readonly selecting: Selecting;
  readonly target: Target;
  /** Those of the statement. */
  readonly options: OptionsShape | undefined;
  readonly transaction: TransactionShape | undefined;
}

/**
 * Selects the rows that a statement is about to change; in a transaction, in it, and so that they stay as they are until
 * then.
 *
 * @throws the database's error where the transaction is over by it: the statement would be told of nothing else
 */
export async function selectBefore(selection: Selection, { most, except }: ImageRules): Promise<BeforeImages> {
  const { sequelize, selecting, target, transaction } = selection;
  const images = new BeforeImages(target, transaction);
  const { limit = Infinity } = target;
  const asked = Math.min(most, limit + 1, transaction ? MAX_KEPT - keptIn(transaction) : Infinity);
  if (asked <= 0) return images.doubted('The transaction has changed too many rows');
  watchUntilSent(images);
  try {
    const sent = selectFor(selection, { most: asked, except });
    const found = await within(new Call(sequelize), () => selecting.query(...sent));
    images.rows = (found as Row[]).map((row) => withFlags(foundRow(row, target.model), target.model));
  } catch (error) {
    if (transaction && hasEndedTransaction(error, sequelize.dialect)) throw error;
    report('selecting rows before a change', failureText(error));
    return images.doubted('The rows could not be selected');
  }
  if (transaction) kept.set(rootOf(transaction), keptIn(transaction) + images.rows.length);
  images.areAll = images.rows.length < asked;
  // Only the database knows which rows it takes.
  return limit < Infinity && !images.areAll ? images.doubted('The limit left rows out') : images;
}

function keptIn(transaction: TransactionShape): number {
  return kept.get(rootOf(transaction)) ?? 0;
}

/** What of the options of a statement says how it is sent, and with which values. */
const PASSED_ON = ['transaction', 'logging', 'benchmark', 'searchPath', 'retry', 'replacements', 'bind'] as const;

/** The conditions are the statement's own SQL: aliases, and prefixes of columns, could give them another meaning. */
function selectFor(
  { sequelize, selecting, target, options, transaction }: Selection,
  { most, except }: ImageRules,
): [sql: string, options: object] {
  const { queryGenerator } = selecting;
  const { model, table } = target;
  const conditions = target.conditions(queryGenerator);
  const asked = {
    ...Object.fromEntries(
      PASSED_ON.filter((name) => options?.[name] !== undefined).map((name) => [name, options?.[name]]),
    ),
    ...(model && { attributes: columnsOf(model, target, except) }),
    ...(conditions !== '' && { where: selecting.literal(conditions) }),
    limit: most,
    ...(transaction && { lock: lockFor(target, sequelize) }),
    type: 'SELECT',
    useMaster: true,
    ...(model ? { raw: false, model: buildingNothing(model) } : { raw: true }),
  };
  return [queryGenerator.selectQuery(table, asked), asked];
}

/** As an UPDATE does, it leaves rows that refer to these alone. */
function lockFor({ deletes }: Target, { dialect }: SequelizeShape): string {
  return dialect === 'postgres' && !deletes ? 'NO KEY UPDATE' : 'UPDATE';
}

function columnsOf(
  model: ModelShape,
  { fields }: Target,
  except: readonly string[],
): readonly (readonly [column: string, attribute: string])[] {
  const needed = new Set([...model.primaryKeyAttributes, ...fields, model[TIMESTAMPS].deletedAt]);
  return storedAttributes(model)
    .filter((name) => needed.has(name) || !except.includes(name))
    .map((name) => [model.rawAttributes[name]?.field ?? name, name]);
}

/** Some databases have numbers in place of `true` and `false`; only instances make up for it. */
function withFlags(row: Row, model: ModelShape | undefined): Row {
  for (const name of Object.keys(row)) {
    const isNumber = row[name] === 0 || row[name] === 1;
    if (isNumber && model?.rawAttributes[name]?.type?.key === 'BOOLEAN') row[name] = row[name] === 1;
  }
  return row;
}

/** Values are read as for instances; these would run code of the application. */
function buildingNothing(model: ModelShape): ModelShape {
  return Object.create(model, { bulkBuild: { value: (rows: unknown) => rows } }) as ModelShape;
}
