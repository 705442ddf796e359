import type { Told } from './sequelize-recorder.ts';
import { type Row, differences, keyOf, paranoidMove } from './sequelize-row.ts';
import { type ModelShape, TIMESTAMPS, VERSION, isObject } from './sequelize-shape.ts';

/**
 * What a statement did to one row.
 *
 * @param before the row as it was selected
 * @param written what was written to it; the new value of an expression, `{sql}`, is not known
 * @returns undefined where it left the row as it was
 */
export function changedRow(before: Row, written: Row, model: ModelShape | undefined, name: string): Told | undefined {
  const changes = differences(before, written, model);
  if (changes.length === 0) return undefined;
  const move = model && paranoidMove(written, before, model);
  if (model && move === 'delete')
    return { ...deletedRow(before, model, name), changes: besidesDeletion(changes, model) };
  const row = { ...before, ...written };
  const action = move === 'restore' ? 'RESTORE' : 'UPDATE';
  return { model: name, action, key: model ? keyOf(row, model) : [], row, changes };
}

export function deletedRow(row: Row, model: ModelShape | undefined, name: string): Told {
  return { model: name, action: 'DELETE', key: model ? keyOf(row, model) : [], row };
}

/** A soft delete may save other changes along with it. */
export function besidesDeletion(changes: NonNullable<Told['changes']>, model: ModelShape): Told['changes'] {
  const { deletedAt, updatedAt } = model[TIMESTAMPS];
  const others = changes.filter(([field]) => field !== deletedAt && field !== updatedAt && field !== model[VERSION]);
  return others.length > 0 ? others : undefined;
}

/** What `amounts` make of the row: the sum where both are whole numbers, else the expression, without its literal value. */
export function raised(before: Row, amounts: Row, model: ModelShape | undefined): Row {
  const after = (name: string): unknown => {
    if (before[name] === null) return null;
    const isWhole = WHOLE_NUMBERS.has(model?.rawAttributes[name]?.type?.key);
    return (isWhole ? sum(before[name], amounts[name]) : undefined) ?? { sql: `${name} + ?` };
  };
  return Object.fromEntries(Object.keys(amounts).map((name) => [name, after(name)]));
}

const WHOLE_NUMBERS: ReadonlySet<unknown> = new Set(['TINYINT', 'SMALLINT', 'MEDIUMINT', 'INTEGER', 'BIGINT']);

function sum(old: unknown, amount: unknown): unknown {
  const [one, other] = [wholeNumber(old), wholeNumber(amount)];
  if (one === undefined || other === undefined) return undefined;
  return typeof old === 'string' ? String(one + other) : Number(one + other);
}

function wholeNumber(value: unknown): bigint | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint';
  return isNumber && /^-?\d+$/.test(String(value)) ? BigInt(value) : undefined;
}

/** What was written, with what the database says that it made of expressions. */
export function withReturned(written: Row, returned: Row | undefined): Row {
  if (!returned) return written;
  const isKnown = (name: string): boolean => isExpression(written[name]) && returned[name] !== undefined;
  return Object.fromEntries(Object.keys(written).map((name) => [name, isKnown(name) ? returned[name] : written[name]]));
}

function isExpression(value: unknown): boolean {
  return isObject(value) && 'sql' in value;
}
