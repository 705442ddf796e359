import type { Told } from './sequelize-recorder.ts';
import type { OptionsShape } from './sequelize-shape.ts';
import { readSql } from './sequelize-sql.ts';
import { type Statement, affectedRows } from './sequelize-statement.ts';

/** The types under which Sequelize itself asks the database about its schema. */
const SCHEMA_TYPES: ReadonlySet<string> = new Set(
  'SHOWTABLES DESCRIBE SHOWINDEXES FOREIGNKEYS SHOWCONSTRAINTS VERSION SHOWTRIGGERS'.split(' '),
);

export interface RawStatement {
  /** Otherwise it looks at rows. */
  readonly changesRows: boolean;
  readonly tell: Statement['tell'];
}

/**
 * What an SQL text that the application wrote did to rows, once it is known; undefined for what changes no row and
 * reads none: DDL, transaction control, questions about the schema.
 */
export function rawStatement(
  sql: string,
  options: OptionsShape,
  dialect: string | undefined,
): RawStatement | undefined {
  const { masked, operation, table, readsRows } = readSql(sql, dialect);
  if (operation === undefined) return undefined;
  if (operation !== 'SELECT') {
    return {
      changesRows: true,
      tell: (result) => changed(masked, operation, table, affected(result, options, dialect)),
    };
  }
  if (!readsRows || SCHEMA_TYPES.has(options.type ?? '')) return undefined;
  return {
    changesRows: false,
    tell: (result) => ({
      model: options.model?.name ?? '',
      action: 'READ',
      extra: {
        sql: masked,
        operation,
        ...(result === undefined ? undefined : { total_count: rowsIn(result, options) }),
      },
    }),
  };
}

/** Undefined also where Sequelize says 0 and doesn't know: it counts rows that come back, of which there are none. */
function affected(result: unknown, { type }: OptionsShape, dialect: string | undefined): number | undefined {
  if (type === 'SELECT') return undefined;
  const isGuess = dialect === 'db2' || (dialect === 'mssql' && type === 'BULKDELETE');
  const count = affectedRows(result);
  return count === 0 && isGuess ? undefined : count;
}

function changed(sql: string, operation: string, table: string, count: number | undefined): Told | undefined {
  if (count === 0 && countsRows(sql, operation)) return undefined;
  return {
    model: table,
    action: 'SQL',
    extra: { sql, operation, ...(count !== undefined && { affected: count }) },
  };
}

/** Whether the count is that of `operation`: not in a CTE, among several statements, or of a procedure. */
function countsRows(sql: string, operation: string): boolean {
  return COUNTING.has(operation) && sql.slice(0, operation.length).toUpperCase() === operation && !/;\s*\S/.test(sql);
}

const COUNTING: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE']);

/** A query of type RAW resolves to `[rows, metadata]`, another to its rows, a `plain` one to its first row. */
function rowsIn(result: unknown, options: OptionsShape): number {
  const rows: unknown = options.type === 'RAW' && Array.isArray(result) ? result[0] : result;
  if (Array.isArray(rows)) return rows.length;
  return rows === null || rows === undefined ? 0 : 1;
}
