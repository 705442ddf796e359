import { exactNumber, isSameNumber } from './exact-number.ts';
import { plain } from './sequelize-plain.ts';
import {
  type AttributeShape,
  type InstanceShape,
  type ModelShape,
  PREVIOUS,
  TIMESTAMPS,
  VIRTUAL,
  attributeOf,
  isInstance,
  isObject,
} from './sequelize-shape.ts';

export type Row = Record<string, unknown>;
export type Change = readonly [field: string, before: unknown, after: unknown];

/** What a statement writes to one row, by attribute. */
export function writtenRow(values: Row, model: ModelShape | undefined): Row {
  const written: Row = {};
  for (const column of Object.keys(values)) {
    if (values[column] === undefined) continue;
    const name = attributeOf(column, model);
    written[name] = exactNumber(plain(values[column]), model?.rawAttributes[name]);
  }
  return written;
}

/**
 * The row as the database has it after `written` was written: getters and virtual attributes don't count, nor do values
 * that were set on the instance and not saved.
 */
export function storedRow(instance: InstanceShape, written: Row): Row {
  const { constructor: model, dataValues } = instance;
  const row: Row = {};
  for (const name of storedAttributes(model)) {
    const value = Object.hasOwn(written, name)
      ? writtenValue(written[name], dataValues[name])
      : lastSaved(instance, name);
    if (value !== undefined) row[name] = exactNumber(value, model.rawAttributes[name]);
  }
  // The database gave the key, or there is none yet.
  for (const name of model.primaryKeyAttributes) {
    row[name] ??= dataValues[name];
    if ((row[name] ?? null) === null) delete row[name];
  }
  return row;
}

/** The row as the database had it before. */
export function previousRow(instance: InstanceShape): Row {
  const { constructor: model } = instance;
  const row: Row = {};
  for (const name of storedAttributes(model)) {
    const value = instance.changed(name) ? instance[PREVIOUS][name] : instance.dataValues[name];
    if (value !== undefined) row[name] = exactNumber(value, model.rawAttributes[name]);
  }
  return row;
}

/** What a row that was found holds, in an instance or raw. */
export function foundValues(found: unknown): Readonly<Row> {
  if (isInstance(found)) return found.dataValues;
  return isObject(found) ? found : {};
}

/**
 * A row that was found: attributes and computed columns, without the rows of other models that came with it.
 *
 * @param others where those stand, nested in a raw row
 */
export function foundRow(found: unknown, model: ModelShape | undefined, others: readonly string[] = []): Row {
  const values = foundValues(found);
  const row: Row = {};
  for (const name of Object.keys(values)) {
    if (!others.includes(name) && !isOtherModels(name, values[name]))
      row[name] = exactNumber(values[name], model?.rawAttributes[name]);
  }
  return row;
}

export function rowWithout(row: Readonly<Row>, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}

/** The values of the primary key, as `ModelDraft.key` wants them. */
export function keyOf(row: Readonly<Row>, model: ModelShape): unknown[] {
  return model.primaryKeyAttributes.map((name) => row[name]);
}

/** The same of a row that is held by column, as it is sent; a key that the database gave may stand under its attribute. */
export function keyInColumns(row: Readonly<Row>, { primaryKeyAttributes, rawAttributes }: ModelShape): unknown[] {
  return primaryKeyAttributes.map((name) => row[rawAttributes[name]?.field ?? name] ?? row[name]);
}

/** The attributes that have a column. */
export function storedAttributes(model: ModelShape): string[] {
  return Object.keys(model.rawAttributes).filter((name) => !model[VIRTUAL].has(name));
}

/** What of `written` differs from what the instance was loaded with. An old value that was not loaded is null. */
export function changesOf(instance: InstanceShape, written: Row): Change[] {
  const { constructor: model, [PREVIOUS]: before } = instance;
  return Object.keys(written).flatMap((field): Change[] => {
    const after = written[field];
    // Changed in place: the old value is gone, as `previous()` holds the same object.
    if (before[field] === after && isObject(after)) return instance.changed(field) ? [[field, null, after]] : [];
    return changeIn(field, before, written, model);
  });
}

/** What of `written` differs from the row as it was. */
export function differences(before: Readonly<Row>, written: Row, model: ModelShape | undefined): Change[] {
  return Object.keys(written).flatMap((field) => changeIn(field, before, written, model));
}

function changeIn(field: string, before: Readonly<Row>, written: Row, model: ModelShape | undefined): Change[] {
  const attribute = model?.rawAttributes[field];
  const old = exactNumber(before[field], attribute);
  const now = written[field];
  return isSame(old, now) || isSameNumber(old, now, attribute) ? [] : [[field, old ?? null, now]];
}

/** Drivers give big numbers and decimals as texts. */
function isSame(before: unknown, after: unknown): boolean {
  const isNumber = typeof before === 'number' || typeof after === 'number';
  if (isNumber && (typeof before === 'string' || typeof after === 'string')) return String(before) === String(after);
  return isEqual(before, after);
}

/** Whether `written` hides or brings back a row of a paranoid model. */
export function paranoidMove(
  written: Row,
  before: Row | undefined,
  model: ModelShape,
): 'delete' | 'restore' | undefined {
  const field = model[TIMESTAMPS].deletedAt;
  if (field === undefined || !(field in written)) return undefined;
  const alive = aliveValue(model.rawAttributes[field]);
  const isAlive = isEqual(written[field], alive);
  if (!before) return isAlive ? 'restore' : 'delete';
  const wasAlive = isEqual(before[field] ?? alive, alive);
  if (isAlive) return wasAlive && field in before ? undefined : 'restore';
  return wasAlive ? 'delete' : undefined;
}

/** What `deletedAt` is while a row isn't deleted. */
function aliveValue(attribute: AttributeShape | undefined): unknown {
  return attribute && 'defaultValue' in attribute ? attribute.defaultValue : null;
}

/** What the database made of an expression, where it was asked to say (`RETURNING`), else what was written. */
function writtenValue(written: unknown, held: unknown): unknown {
  return isObject(written) && 'sql' in written && !isObject(held) && held !== undefined ? held : written;
}

function lastSaved(instance: InstanceShape, name: string): unknown {
  const unsaved = instance.changed(name) && !instance.isNewRecord;
  return unsaved ? instance[PREVIOUS][name] : instance.dataValues[name];
}

/** Included models: instances, lists of them, or in raw rows names such as `Posts.title`. */
function isOtherModels(name: string, value: unknown): boolean {
  return isInstance(Array.isArray(value) ? value[0] : value) || name.includes('.');
}

/** Most values are no objects, and most objects are dates: the deep comparison takes twenty times as long. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  return process.getBuiltinModule('node:util').isDeepStrictEqual(a, b);
}
