/**
 * What we touch of Sequelize 6, some of it internal. These are our own structural types: the published ones must not
 * make an application without Sequelize fail to compile. What another major has otherwise is brought into these shapes.
 */

/** The internal ones. Sequelize 6 is no longer developed: they stay. */
export const TIMESTAMPS = '_timestampAttributes';
export const VERSION = '_versionAttribute';
export const VIRTUAL = '_virtualAttributes';
export const PREVIOUS = '_previousDataValues';
export const SCHEMA = '_schema';

interface Timestamps {
  readonly updatedAt?: string;
  readonly deletedAt?: string;
}

/** What is asked of an instance of Sequelize. */
export interface SequelizeShape {
  /** `sqlite`, `postgres`, … */
  readonly dialect: string;
  /** Whether the database tells what a statement left in a row (`RETURNING`). */
  readonly returnsRows: boolean;
  readonly models: readonly ModelShape[];
}

export interface QueryGeneratorShape {
  selectQuery(table: TableShape, options: object): string;
  whereItemsQuery(where: unknown, options?: object): string;
  getWhereConditions(where: unknown, table: null, model: ModelShape | undefined, options: object): string;
}

export interface ModelShape {
  readonly name: string;
  readonly tableName: string;
  readonly rawAttributes: Readonly<Record<string, AttributeShape>>;
  /** The attribute of each column. */
  readonly fieldRawAttributesMap: Readonly<Record<string, AttributeShape>>;
  readonly primaryKeyAttributes: readonly string[];
  readonly [TIMESTAMPS]: Timestamps;
  readonly [VERSION]?: string;
  readonly [SCHEMA]?: string | null;
  readonly [VIRTUAL]: ReadonlySet<string>;
  /** What it was defined with; `audit` is ours. */
  readonly options?: { readonly audit?: unknown };
}

export interface AttributeShape {
  readonly fieldName?: string;
  /** The column. */
  readonly field?: string;
  readonly defaultValue?: unknown;
  readonly type?: { readonly key?: unknown };
  /** Ours: the values of this attribute never appear in a record. */
  readonly sensitive?: boolean;
}

export interface InstanceShape {
  readonly constructor: ModelShape;
  readonly dataValues: Readonly<Record<string, unknown>>;
  /** What the row held when it was last loaded or saved. */
  readonly [PREVIOUS]: Readonly<Record<string, unknown>>;
  readonly isNewRecord: boolean;
  changed(attribute: string): boolean;
}

/** The options of a call, as they reach the query interface: complete, with columns in place of attributes. */
export interface OptionsShape {
  readonly type?: string;
  readonly model?: ModelShape;
  readonly instance?: InstanceShape;
  readonly transaction?: TransactionShape | null;
  readonly connection?: unknown;
  readonly where?: unknown;
  readonly attributes?: unknown;
  readonly include?: readonly IncludeShape[];
  readonly truncate?: boolean;
  readonly cascade?: boolean;
  readonly ignoreDuplicates?: boolean;
  readonly updateOnDuplicate?: readonly string[];
  readonly validate?: boolean;
  readonly fields?: readonly unknown[];
  readonly limit?: number;
  readonly logging?: unknown;
  readonly benchmark?: unknown;
  readonly searchPath?: unknown;
  readonly retry?: unknown;
  readonly replacements?: unknown;
  readonly bind?: unknown;
}

/** Rows of another model that a find asks for. */
export interface IncludeShape {
  /** Where they stand in a row that is found. */
  readonly as?: string;
  readonly model?: ModelShape;
  readonly include?: readonly IncludeShape[];
}

export interface TransactionShape {
  readonly id: string;
  /** Of a savepoint: the transaction that it is in. */
  readonly parent?: TransactionShape;
}

/** One attempt to run one statement. */
export interface QueryShape {
  readonly run: (sql: string, parameters?: unknown) => Promise<unknown>;
  readonly connection: object;
  isRawQuery(): boolean;
}

export type TableShape = string | { readonly tableName: string; readonly schema?: string };

/** The attribute of a column; the column itself where the model has none. */
export function attributeOf(column: string, model: ModelShape | undefined): string {
  return model?.fieldRawAttributesMap[column]?.fieldName ?? column;
}

export function isInstance(value: unknown): value is InstanceShape {
  return isObject(value) && isObject(value['dataValues']) && PREVIOUS in value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
