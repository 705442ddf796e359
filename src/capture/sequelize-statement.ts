import { instanceId } from '../event/model-event.ts';
import { listOf } from './list-of.ts';
import type { Target } from './sequelize-before-images.ts';
import { besidesDeletion, changedRow, deletedRow, raised, withReturned } from './sequelize-changed-row.ts';
import { type Included, MAX_IDS, includedIn } from './sequelize-included.ts';
import { columnIn, plainWhere } from './sequelize-plain.ts';
import type { Told } from './sequelize-recorder.ts';
import {
  type Row,
  changesOf,
  foundRow,
  foundValues,
  keyInColumns,
  keyOf,
  paranoidMove,
  previousRow,
  rowWithout,
  storedAttributes,
  storedRow,
  writtenRow,
} from './sequelize-row.ts';
import {
  type InstanceShape,
  type ModelShape,
  type OptionsShape,
  PREVIOUS,
  SCHEMA,
  type SequelizeShape,
  TIMESTAMPS,
  type TableShape,
  VERSION,
  attributeOf,
  isInstance,
  isObject,
} from './sequelize-shape.ts';

/** What one call of the query interface is about to do to rows. */
export interface Statement {
  readonly options: OptionsShape | undefined;
  /** What its query carries, by which that is known: rows that depend on a row are destroyed within the same call. */
  readonly instance?: object | undefined;
  /** All that its call sends is part of it. */
  readonly isWhole?: boolean;
  /**
   * What it did.
   *
   * @param result what its query resolved to; undefined when it failed
   * @returns undefined where no row was changed or looked at
   */
  readonly tell: (result?: unknown) => Told | undefined;
  /** Of a statement that changes rows without knowing them: which ones it will change. */
  readonly target?: Target;
}

/** Reads the arguments of a call, before it: what an instance held before is gone afterwards. */
export type Describe = (sequelize: SequelizeShape, ...args: never[]) => Statement | undefined;

/**
 * What each method of Sequelize's query interface changes. Every write of the ORM is exactly one call of one of these,
 * with and without hooks.
 *
 * https://github.com/sequelize/sequelize/blob/v6/src/dialects/abstract/query-interface.js
 */
export const WRITES: Readonly<Record<string, Describe>> = {
  insert,
  update,
  delete: remove,
  upsert,
  bulkInsert,
  bulkUpdate,
  bulkDelete,
  increment,
  decrement,
};

/** What its other methods look at. Every find of the ORM is one call of `select`, and one for each `separate` include. */
export const READS: Readonly<Record<string, Describe>> = { select, rawSelect };

/** These copy the rows of a table while they change its schema (SQLite): no row changes. */
export const SCHEMA_CHANGES: readonly string[] = [
  'removeColumn',
  'changeColumn',
  'renameColumn',
  'removeConstraint',
  'addConstraint',
];

function insert(
  sequelize: SequelizeShape,
  instance: InstanceShape | null | undefined,
  table: TableShape,
  values: Row,
  options?: OptionsShape,
): Statement {
  const model = instance?.constructor ?? modelOf(sequelize, table);
  const written = writtenRow(values, model);
  return {
    options,
    instance: instance ?? undefined,
    tell(result) {
      if (affectedRows(result) === 0) return undefined;
      const row = instance ? storedRow(instance, written) : written;
      return { model: nameOf(model, table), action: 'CREATE', key: knownKey(row, model), row };
    },
  };
}

function update(
  _sequelize: SequelizeShape,
  instance: InstanceShape,
  _table: TableShape,
  values: Row,
  _where: unknown,
  options?: OptionsShape,
): Statement {
  const model = instance.constructor;
  const written = writtenRow(values, model);
  const changes = changesOf(instance, written);
  const before = previousRow(instance);
  const move = paranoidMove(written, instance[PREVIOUS], model);
  const told = (row: Row): Told => {
    const common = { model: model.name, key: keyOf(row, model) };
    if (move === 'delete')
      return { ...common, action: 'DELETE', row: before, changes: besidesDeletion(changes, model) };
    return { ...common, action: move === 'restore' ? 'RESTORE' : 'UPDATE', row, changes };
  };
  return {
    options,
    instance,
    tell(result) {
      const row = storedRow(instance, written);
      if (affectedRows(result) !== 0) return told(row);
      if (model[VERSION] === undefined) return undefined;
      return {
        ...told(row),
        outcome: 'failure',
        errorMessage: 'The row was changed by somebody else (optimistic lock)',
      };
    },
  };
}

export function remove(
  _sequelize: SequelizeShape,
  instance: InstanceShape,
  _table: TableShape,
  _where: unknown,
  options?: OptionsShape,
): Statement {
  const model = instance.constructor;
  const row = previousRow(instance);
  return {
    options,
    instance,
    tell: (result) =>
      (affectedRows(result) ?? selectedCount(result)) === 0
        ? undefined
        : { model: model.name, action: 'DELETE', key: keyOf(row, model), row },
  };
}

/** SQL Server is asked for the count by a query of its own. */
function selectedCount(result: unknown): unknown {
  return Array.isArray(result) && isObject(result[0]) ? result[0]['AFFECTEDROWS'] : undefined;
}

function upsert(
  sequelize: SequelizeShape,
  table: TableShape,
  insertValues: Row,
  updateValues: Row,
  _where: unknown,
  options: OptionsShape,
): Statement {
  const model = options.model ?? modelOf(sequelize, table);
  const written = writtenRow(insertValues, model);
  return {
    options,
    tell(result) {
      const { instance } = options;
      // Only PostgreSQL says which row it was; elsewhere the instance holds the id that an insert would have got.
      const row = instance && sequelize.returnsRows ? storedRow(instance, written) : written;
      // MySQL counts one row also where it found the row as it shall be. In Snowflake, where each upsert is an insert,
      // Sequelize says `false` of all.
      const isFound = Array.isArray(result) && result[1] === false && sequelize.dialect !== 'snowflake';
      return {
        model: nameOf(model, table),
        action: 'UPSERT',
        key: knownKey(row, model),
        row,
        extra: { fields: attributesAt(Object.keys(updateValues), model), ...(isFound && { created: false }) },
      };
    },
  };
}

function bulkInsert(
  sequelize: SequelizeShape,
  table: TableShape,
  records: readonly Row[],
  options: OptionsShape = {},
): Statement {
  const model = options.model ?? modelOf(sequelize, table);
  const { ignoreDuplicates, updateOnDuplicate } = options;
  const columns = new Set<string>();
  for (const record of records) for (const column of Object.keys(record)) columns.add(column);
  const fields = attributesAt(columns, model);
  return {
    options,
    tell(result) {
      const [returned] = Array.isArray(result) ? (result as unknown[]) : [];
      const count = ignoreDuplicates && result !== undefined ? affectedRows(result) : records.length;
      if (count === 0) return undefined;
      const rows = insertedRows(sequelize, records, returned, options);
      return {
        model: nameOf(model, table),
        action: 'BULK_CREATE',
        extra: {
          ...counted(count),
          fields,
          ...(rows.length === count && idsOf(rows, model, keyInColumns)),
          ...(ignoreDuplicates && { ignore_duplicates: true }),
          ...(updateOnDuplicate && { update_on_duplicate: attributesAt(updateOnDuplicate, model) }),
        },
      };
    },
  };
}

/** The rows that a bulk insert left, as far as their keys are known: those given, and those that the database gave. */
function insertedRows(
  { returnsRows }: SequelizeShape,
  records: readonly Row[],
  given: unknown,
  { ignoreDuplicates, updateOnDuplicate }: OptionsShape,
): readonly Row[] {
  const returned = Array.isArray(given) ? (given as Row[]) : [];
  if (returnsRows && ignoreDuplicates) return returned;
  // Sequelize counts the keys up from the first: that is wrong where a row was left out or was there before.
  const trusted = returnsRows || !(ignoreDuplicates || updateOnDuplicate);
  if (!trusted || returned.length === 0) return records;
  return records.map((record, index) =>
    index < MAX_IDS ? { ...record, ...missing(record, returned[index]) } : record,
  );
}

function missing(record: Row, returned: Row = {}): Row {
  return Object.fromEntries(Object.entries(returned).filter(([column]) => (record[column] ?? null) === null));
}

function bulkUpdate(
  sequelize: SequelizeShape,
  table: TableShape,
  values: Row,
  where: unknown,
  options?: OptionsShape,
): Statement {
  const model = options?.model ?? modelOf(sequelize, table);
  const written = writtenRow(values, model);
  const name = nameOf(model, table);
  const fields = Object.keys(written);
  const extra = { fields, where: plainWhere(where, model) };
  return {
    options,
    target: {
      model,
      name,
      table,
      fields,
      deletes: false,
      // PostgreSQL's UPDATE has no limit.
      ...(sequelize.dialect !== 'postgres' && { limit: options?.limit }),
      conditions: (generator) =>
        generator.whereItemsQuery(where, {
          ...options,
          bindParam: false,
        }),
      toldOf: (before, returned) => changedRow(before, withReturned(written, returned), model, name),
    },
    tell(result) {
      const count = Array.isArray(result) ? result.length : affectedRows(result);
      if (count === 0) return undefined;
      const found = Array.isArray(result) ? idsOf(result, model) : undefined;
      return {
        model: name,
        action: bulkUpdateAction(written, model),
        row: written,
        extra: { ...counted(count), ...extra, ...found },
      };
    },
  };
}

function bulkUpdateAction(written: Row, model: ModelShape | undefined): Told['action'] {
  const alone = model && Object.keys(written).every((name) => isMoveOrTime(name, model));
  const move = alone ? paranoidMove(written, undefined, model) : undefined;
  if (move === undefined) return 'BULK_UPDATE';
  return move === 'delete' ? 'BULK_DELETE' : 'BULK_RESTORE';
}

function isMoveOrTime(name: string, { [TIMESTAMPS]: { deletedAt, updatedAt } }: ModelShape): boolean {
  return name === deletedAt || name === updatedAt;
}

export function bulkDelete(
  sequelize: SequelizeShape,
  table: TableShape,
  where: unknown,
  options?: OptionsShape,
  given?: ModelShape,
): Statement {
  const model = given ?? options?.model ?? modelOf(sequelize, table);
  const truncates = options?.truncate === true;
  // Where a database doesn't cascade, Sequelize ignores the wish.
  const cascades = options?.cascade === true && sequelize.dialect === 'postgres';
  const conditions = truncates ? cascades && { cascade: true } : { where: plainWhere(where ?? {}, model) };
  const name = nameOf(model, table);
  const target: Target = {
    model,
    name,
    table,
    fields: [],
    deletes: true,
    limit: options?.limit,
    conditions: (generator) => generator.getWhereConditions(where, null, model, { ...options }),
    toldOf: (before) => deletedRow(before, model, name),
  };
  return {
    options,
    ...(!truncates && { target }),
    tell(result) {
      const count = affectedRows(result);
      if (count === 0 && !truncates) return undefined;
      return {
        model: name,
        action: truncates ? 'TRUNCATE' : 'BULK_DELETE',
        // A database that truncates doesn't count.
        extra: { ...(truncates && count === 0 ? undefined : counted(count)), ...conditions },
      };
    },
  };
}

function increment(
  sequelize: SequelizeShape,
  given: ModelShape | undefined,
  table: TableShape,
  where: unknown,
  amounts: Row,
  others: Row,
  options?: OptionsShape,
  isDecrement = false,
): Statement {
  const model = given ?? modelOf(sequelize, table);
  const instance = options?.instance;
  const by = isDecrement ? negated(writtenRow(amounts, model)) : writtenRow(amounts, model);
  const written = writtenRow(others, model);
  const name = nameOf(model, table);
  const fields = [...Object.keys(by), ...Object.keys(written)];
  const extra = { fields, where: plainWhere(where, model), by };
  return {
    options,
    target: {
      model,
      name,
      table,
      fields,
      deletes: false,
      conditions: (generator) => generator.whereItemsQuery(where),
      toldOf: (before, returned) => {
        const after = withReturned(
          {
            ...raised(before, by, model),
            ...written,
          },
          returned,
        );
        return changedRow(before, after, model, name);
      },
    },
    tell(result) {
      // Of an UPDATE that returns no rows, Sequelize says in Db2 that it changed none, whatever it did.
      const count = sequelize.dialect === 'db2' ? undefined : affectedRows(result);
      if (count === 0) return undefined;
      if (!instance) {
        return {
          model: name,
          action: 'BULK_UPDATE',
          row: written,
          extra: { ...counted(count), ...extra },
        };
      }
      const row = rowWithout(storedRow(instance, written), Object.keys(by));
      return { model: instance.constructor.name, action: 'UPDATE', key: keyOf(row, instance.constructor), row, extra };
    },
  };
}

function decrement(
  ...[sequelize, model, table, where, amounts, others, options]: Parameters<typeof increment>
): Statement {
  return increment(sequelize, model, table, where, amounts, others, options, true);
}

function negated(amounts: Row): Row {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, negative(amount)]));
}

function negative(amount: unknown): unknown {
  if (typeof amount === 'number' || typeof amount === 'bigint') return -amount;
  if (isObject(amount) && 'sql' in amount) return { sql: `-(${String(amount['sql'])})` };
  return typeof amount === 'string' ? negativeText(amount) : amount;
}

function negativeText(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

function select(
  sequelize: SequelizeShape,
  given: ModelShape | null,
  table: TableShape,
  options: OptionsShape = {},
): Statement {
  const model = given ?? modelOf(sequelize, table);
  return {
    options,
    tell(result) {
      const found = listOf(result);
      const only = found.length === 1 ? foundRow(found[0], model, othersIn(options)) : undefined;
      return {
        model: nameOf(model, table),
        action: 'READ',
        key: knownKey(only, model),
        row: only,
        extra: {
          ...(result === undefined ? undefined : { total_count: found.length }),
          ...attributesOf(options, model),
          where: plainWhere(options.where ?? {}, model),
          ...included(found, options),
          ...(found.length > 1 && idsOf(found, model)),
        },
      };
    },
  };
}

/** `max`, `min`, `sum` and other aggregates. A count looks at no row. */
function rawSelect(
  sequelize: SequelizeShape,
  table: TableShape,
  options: OptionsShape,
  selector: string,
  given?: ModelShape,
): Statement {
  const model = given ?? modelOf(sequelize, table);
  const column = columnIn(options.attributes);
  return {
    options,
    tell: () =>
      selector === 'count'
        ? undefined
        : {
            model: nameOf(model, table),
            action: 'READ',
            extra: {
              aggregate: selector,
              ...(column !== undefined && { fields: [attributeOf(column, model)] }),
              where: plainWhere(options.where ?? {}, model),
            },
          },
  };
}

/** The number of rows that a statement changed; undefined where the dialect doesn't say. */
export function affectedRows(result: unknown): number | undefined {
  if (!Array.isArray(result)) return countIn(result);
  const [first, second] = result as unknown[];
  // The newer drivers of MariaDB say it in the place of the rows.
  return countIn(second) ?? (isObject(first) && 'warningStatus' in first ? countIn(first) : undefined);
}

function countIn(said: unknown): number | undefined {
  if (typeof said === 'number') return said;
  if (Array.isArray(said)) return countOfSnowflake(said[0]);
  if (!isObject(said) || isInstance(said)) return undefined;
  const count = said['rowCount'] ?? said['affectedRows'] ?? said['rowsAffected'] ?? said['changes'];
  return typeof count === 'number' ? count : undefined;
}

/** It answers a MERGE with several counts. */
function countOfSnowflake(row: unknown): number | undefined {
  if (!isObject(row)) return undefined;
  const counts = Object.keys(row).filter((column) => /^number of rows (?:inserted|updated|deleted)$/.test(column));
  return counts.length > 0 ? counts.reduce((sum, column) => sum + Number(row[column]), 0) : undefined;
}

function knownKey(row: Row | undefined, model: ModelShape | undefined): unknown[] {
  return row && model ? keyOf(row, model) : [];
}

function modelOf(sequelize: SequelizeShape, table: TableShape): ModelShape | undefined {
  const name = tableName(table);
  const schema = typeof table === 'string' ? undefined : table.schema;
  return sequelize.models.find(
    (model) => model.tableName === name && (schema === undefined || (model[SCHEMA] ?? '') === schema),
  );
}

function nameOf(model: ModelShape | undefined, table: TableShape): string {
  return model?.name ?? tableName(table);
}

function tableName(table: TableShape): string {
  return typeof table === 'string' ? table : table.tableName;
}

function attributesAt(columns: Iterable<string>, model: ModelShape | undefined): string[] {
  return Array.from(columns, (column) => attributeOf(column, model));
}

/** The attributes that a find asks for, unless it asks for all. */
function attributesOf({ attributes }: OptionsShape, model: ModelShape | undefined): { fields: string[] } | undefined {
  if (!Array.isArray(attributes)) return undefined;
  const names = attributes.map((attribute: unknown) => {
    const name: unknown = Array.isArray(attribute) ? attribute[1] : attribute;
    return typeof name === 'string' ? attributeOf(name, model) : '?';
  });
  const all = model && storedAttributes(model);
  return all?.length === names.length && all.every((name) => names.includes(name)) ? undefined : { fields: names };
}

function included(
  found: readonly unknown[],
  options: OptionsShape,
): { include: string[]; included?: Included[] } | undefined {
  const names = othersIn(options);
  if (names.length === 0) return undefined;
  const others = includedIn(found, options.include);
  return others.length > 0 ? { include: names, included: others } : { include: names };
}

/** Where the rows of other models stand in those that are found. */
function othersIn({ include = [] }: OptionsShape): string[] {
  return include.map(({ as }) => as).filter((as) => as !== undefined);
}

function counted(count: number | undefined): { total_count: number } | undefined {
  return count === undefined ? undefined : { total_count: count };
}

/** The ids of the rows, where all are known. */
function idsOf(
  rows: readonly unknown[],
  model: ModelShape | undefined,
  keyIn: typeof keyOf = keyOf,
): { instance_ids: string[]; truncated?: true } | undefined {
  if (!model) return undefined;
  const ids = rows.slice(0, MAX_IDS).map((row) => instanceId(keyIn(foundValues(row), model)));
  if (ids.length === 0 || ids.includes('')) return undefined;
  return rows.length > MAX_IDS ? { instance_ids: ids, truncated: true } : { instance_ids: ids };
}
