import { instanceId } from '../event/model-event.ts';
import { isPlainObject } from '../event/is-plain-object.ts';
import type { BeforeImages, Target } from './sequelize-before-images.ts';
import type { Told } from './sequelize-recorder.ts';
import { type Row, foundValues, keyOf, rowWithout } from './sequelize-row.ts';
import { TIMESTAMPS, attributeOf, isObject } from './sequelize-shape.ts';

/** These don't count the rows that an UPDATE left as they were. */
const COUNTS_CHANGES: ReadonlySet<string | undefined> = new Set(['mysql', 'mariadb']);

const OTHER_ROWS = 'Other rows were changed than had been selected';

/**
 * Parts what is told of a statement into what it did to each row, as far as the number of rows that the database changed
 * agrees with the rows that were selected before.
 *
 * @param result what the statement resolved to
 */
export function partedByRow(told: Told, images: BeforeImages, result: unknown, dialect: string | undefined): Told {
  const { rows, doubt, target, transaction } = images;
  if (doubt !== undefined) return doubted(told, doubt);
  const returned = dialect === 'postgres' ? returnedRows(result, target) : undefined;
  const all = rows.map((row) => target.toldOf(row, returned?.get(idOf(row, target))));
  const changed = all.filter((part) => part !== undefined);
  const countsChanges = COUNTS_CHANGES.has(dialect) && !target.deletes;
  const seen = countsChanges ? changed.length : rows.length;
  const count = countIn(told);
  const areAll = images.areAll || isOne(told);
  if (count === undefined) return parted(told, changed, areAll ? 0 : undefined);
  if (!areAll) return count < seen ? doubted(told, OTHER_ROWS) : parted(told, changed, count - seen);
  if (count === seen || count === rows.length) return parted(told, changed, 0);
  const renewed = changed.filter((part) => isMoreThanTouched(part, target));
  if (countsChanges && count === renewed.length) return parted(told, renewed, 0);
  // Rows that others have added since.
  if (transaction && count > rows.length) return parted(told, changed, count - rows.length);
  return doubted(told, OTHER_ROWS);
}

/** @param rest how many rows it changed besides; undefined where that isn't known */
function parted(told: Told, changed: readonly Told[], rest: number | undefined): Told {
  const parts = isOne(told) ? changed.map((part) => ({ ...told, ...part })) : changed.map((part) => ofMany(part, told));
  return { ...told, parts: rest === 0 ? parts : [...parts, restOf(told, rest)] };
}

function ofMany(part: Told, { action, extra = {} }: Told): Told {
  const { total_count, where, by } = extra as Row;
  return {
    ...part,
    extra: { ...(by !== undefined && { by }), bulk: { event_type: action, total_count, where: brief(where) } },
  };
}

function restOf(told: Told, rest: number | undefined): Told {
  const extra = rowWithout((told.extra ?? {}) as Row, ['total_count', 'instance_ids']);
  return { ...told, extra: { ...(rest !== undefined && { total_count: rest }), ...extra, truncated: true } };
}

function doubted(told: Told, doubt: string): Told {
  return { ...told, extra: { ...told.extra, before_images: doubt } };
}

function isOne({ key }: Told): boolean {
  return key !== undefined;
}

function countIn({ extra = {} }: Told): number | undefined {
  const { total_count: count } = extra as Row;
  return typeof count === 'number' ? count : undefined;
}

/** Databases that keep seconds alone may not see that a row was touched twice in one. */
function isMoreThanTouched({ action, changes = [] }: Told, { model }: Target): boolean {
  return action !== 'UPDATE' || changes.some(([field]) => field !== model?.[TIMESTAMPS].updatedAt);
}

/** By id, with the names of attributes. */
function returnedRows(result: unknown, target: Target): ReadonlyMap<string, Row> {
  const [first] = Array.isArray(result) ? (result as unknown[]) : [];
  const list = Array.isArray(first) ? (first as unknown[]) : Array.isArray(result) ? result.filter(isObject) : [];
  const rows = list.map((row) =>
    Object.fromEntries(
      Object.entries(foundValues(row)).map(([column, value]) => [attributeOf(column, target.model), value]),
    ),
  );
  return new Map(rows.map((row) => [idOf(row, target), row]).filter(([id]) => id !== '') as [string, Row][]);
}

function idOf(row: Row, { model }: Target): string {
  return model ? instanceId(keyOf(row, model)) : '';
}

const MAX_ITEMS = 10;

/** The record of each row has them: lists are cut. */
function brief(where: unknown): unknown {
  if (Array.isArray(where))
    return where.length > MAX_ITEMS ? [...where.slice(0, MAX_ITEMS).map(brief), '[Truncated]'] : where.map(brief);
  if (!isPlainObject(where)) return where;
  return Object.fromEntries(Object.entries(where).map(([name, part]) => [name, brief(part)]));
}
