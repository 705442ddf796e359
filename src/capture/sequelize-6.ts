import type { Doors, Major } from './sequelize-major.ts';
import {
  type InstanceShape,
  type ModelShape,
  type OptionsShape,
  type QueryGeneratorShape,
  type SequelizeShape,
  isObject,
} from './sequelize-shape.ts';
import { READS, WRITES } from './sequelize-statement.ts';

/** Sequelize 6 is no longer developed: what is internal stays. */
export const sequelize6: Major = {
  file: 'sequelize/lib/sequelize.js',
  onInstance: (loaded, fn) => void classIn(loaded)?.addHook('afterInit', fn),
  offInstance: (loaded, fn) => void classIn(loaded)?.removeHook('afterInit', fn),
  doorsOf: (value) => (isSequelize(value) ? doorsOf(value) : undefined),
};

const NAMESPACE = '_cls';

/** The class, one for each installed copy. */
interface SequelizeClass {
  /** The namespace that `Sequelize.useCLS` was given. */
  readonly [NAMESPACE]?: { get(key: string): unknown };
  readonly version: string;
  readonly Model: { readonly prototype: object };
  addHook(hook: string, fn: (sequelize: object) => void): unknown;
  removeHook(hook: string, fn: (sequelize: object) => void): unknown;
}

function classIn(loaded: unknown): SequelizeClass | undefined {
  const { version } = loaded as Partial<SequelizeClass>;
  return version?.startsWith('6.') ? (loaded as SequelizeClass) : undefined;
}

interface Sequelize {
  readonly options: { readonly dialect?: string; readonly hooks: Record<string, unknown[]> };
  readonly modelManager: { readonly models: readonly ModelShape[] };
  getQueryInterface(): { readonly queryGenerator: QueryGeneratorShape };
  query(sql: string, options: object): Promise<unknown>;
  literal(sql: string): object;
  addHook(hook: string, name: string, fn: (...args: never[]) => void): unknown;
}

function isSequelize(value: unknown): value is Sequelize {
  return (
    isObject(value) &&
    typeof value['getQueryInterface'] === 'function' &&
    typeof value['addHook'] === 'function' &&
    isObject(value['options']) &&
    isObject(value['options']['hooks']) &&
    isObject(value['modelManager']) &&
    Array.isArray(value['modelManager']['models'])
  );
}

function doorsOf(instance: Sequelize): Doors {
  const { hooks } = instance.options;
  const sequelize: SequelizeShape = {
    get dialect() {
      return instance.options.dialect ?? '';
    },
    get returnsRows() {
      return sequelize.dialect === 'postgres';
    },
    get models() {
      return instance.modelManager.models;
    },
  };
  return {
    sequelize,
    queryInterface: instance.getQueryInterface(),
    selecting: {
      queryGenerator: instance.getQueryInterface().queryGenerator,
      literal: (sql) => instance.literal(sql),
      query: (sql, options) => instance.query(sql, options),
    },
    writes: WRITES,
    reads: READS,
    commit: 'commitTransaction',
    rollback: 'rollbackTransaction',
    transactionOf: (options) => transactionOf(instance, options),
    sends: (sql) => sequelize.dialect !== 'sqlite' || !sql.startsWith('-- '),
    onQuery(watch) {
      hooks['beforeQuery'] = [{ name: 'activity-audit', fn: watch }, ...(hooks['beforeQuery'] ?? [])];
    },
    basePrototype: (instance.constructor as unknown as SequelizeClass).Model.prototype,
    shapeOf: (row) => row as InstanceShape,
    onDefined: (fn) => void instance.addHook('afterDefine', 'activity-audit', fn),
  };
}

/**
 * Like `Sequelize#query`, which asks its CLS namespace where the options name none:
 * https://github.com/sequelize/sequelize/blob/v6/src/sequelize.js
 */
function transactionOf(instance: object, options: OptionsShape | undefined): unknown {
  if (options?.transaction !== undefined) return options.transaction;
  return (instance.constructor as unknown as SequelizeClass)[NAMESPACE]?.get('transaction');
}
