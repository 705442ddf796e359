import {
  type Instance7,
  type Model7,
  instanceOf7,
  isInstance7,
  isModel7,
  modelAt7,
  modelOf7,
} from './sequelize-7-model.ts';
import type { Doors, Major } from './sequelize-major.ts';
import {
  type OptionsShape,
  type QueryShape,
  type SequelizeShape,
  type TableShape,
  type TransactionShape,
  isObject,
} from './sequelize-shape.ts';
import { type Describe, READS, type Statement, WRITES, bulkDelete, remove } from './sequelize-statement.ts';
import { wrapMethod } from './wrap-method.ts';

/** Sequelize 7, `@sequelize/core`: its ES module, too, loads the file. */
export const sequelize7: Major = {
  file: '@sequelize/core/lib/sequelize.js',
  onInstance: (loaded, fn) => void classIn(loaded)?.hooks.addListener('afterInit', fn),
  offInstance: (loaded, fn) => void classIn(loaded)?.hooks.removeListener('afterInit', fn),
  doorsOf: (value) => (isSequelize(value) ? doorsOf(value) : undefined),
};

interface Hooks {
  addListener(hook: string, fn: (...args: never[]) => void, name?: string): unknown;
  removeListener(hook: string, fn: (...args: never[]) => void): unknown;
}

/** The class, one for each installed copy. */
interface SequelizeClass {
  readonly version: string;
  readonly hooks: Hooks;
  readonly Model: { readonly prototype: object };
}

function classIn(loaded: unknown): SequelizeClass | undefined {
  const { Sequelize: sequelize } = loaded as { Sequelize?: Partial<SequelizeClass> };
  return sequelize?.version?.startsWith('7.') ? (sequelize as SequelizeClass) : undefined;
}

interface Sequelize {
  readonly hooks: Hooks;
  readonly models: Iterable<Model7>;
  readonly queryInterface: object;
  readonly dialect: { readonly name: string; Query: new (...args: never[]) => object };
  /** That of the callback of `transaction` in which the running code is. */
  getCurrentClsTransaction(): Transaction | undefined;
}

interface Transaction extends TransactionShape {
  getConnectionIfExists(): unknown;
}

function isSequelize(value: unknown): value is Sequelize {
  return (
    isObject(value) &&
    typeof value['getCurrentClsTransaction'] === 'function' &&
    isObject(value['dialect']) &&
    typeof value['dialect']['Query'] === 'function' &&
    isObject(value['hooks']) &&
    isObject(value['models']) &&
    isObject(value['queryInterface'])
  );
}

/** Their `INSERT`, `UPDATE` and upserts tell what they left. */
const RETURN_ROWS: ReadonlySet<string> = new Set(['postgres', 'sqlite']);

function doorsOf(instance: Sequelize): Doors {
  const { hooks, dialect } = instance;
  const { prototype: basePrototype } = (instance.constructor as unknown as SequelizeClass).Model;
  watchWhere(basePrototype);
  const name = dialect.name === 'sqlite3' ? 'sqlite' : dialect.name;
  const sequelize: SequelizeShape = {
    dialect: name,
    returnsRows: RETURN_ROWS.has(name),
    get models() {
      return Array.from(instance.models, modelOf7);
    },
  };
  return {
    sequelize,
    queryInterface: instance.queryInterface,
    writes: { ...inShapes(WRITES), bulkDelete: bulkDelete7, truncate },
    reads: inShapes(READS),
    commit: '_commitTransaction',
    rollback: '_rollbackTransaction',
    transactionOf: (options) => transactionOf(instance, options),
    sends: () => true,
    onQuery(watch) {
      dialect.Query = new Proxy(dialect.Query, {
        construct(target, args, newTarget) {
          const query = Reflect.construct(target, args, newTarget) as QueryShape;
          watch(args[2] as OptionsShape, query);
          return query;
        },
      });
    },
    basePrototype,
    shapeOf: (row) => instanceOf7(row as Instance7),
    onDefined: (fn) => void hooks.addListener('afterDefine', (model: Model7) => fn(modelOf7(model)), 'activity-audit'),
  };
}

/**
 * Like `setTransactionFromCls`:
 * https://github.com/sequelize/sequelize/blob/main/packages/core/src/model-internals.ts
 */
function transactionOf(instance: Sequelize, options: OptionsShape | undefined): unknown {
  if (options?.transaction !== undefined) return options.transaction;
  const current = instance.getCurrentClsTransaction();
  const connection = options?.connection ?? undefined;
  return connection === undefined || connection === current?.getConnectionIfExists() ? current : undefined;
}

/** What the methods do that Sequelize 6 has, too: their arguments stand in the same order. */
function inShapes(describers: Readonly<Record<string, Describe>>): Record<string, Describe> {
  return Object.fromEntries(Object.entries(describers).map(([method, describe]) => [method, inShape(describe)]));
}

function inShape(describe: Describe): Describe {
  return (sequelize, ...args: unknown[]) => {
    const statement = describe(sequelize, ...(args.map(shapeOf) as never[]));
    const [instance] = args;
    return statement && { ...statement, instance: isInstance7(instance) ? instance : undefined };
  };
}

/** A model, an instance or what names them in options, also in what these include, in the shape of Sequelize 6. */
function shapeOf(argument: unknown): unknown {
  if (isModel7(argument)) return modelOf7(argument);
  if (isInstance7(argument)) return instanceOf7(argument);
  if (!isObject(argument)) return argument;
  const { model, instance, include } = argument;
  const shapes = {
    ...(isModel7(model) && { model: modelOf7(model) }),
    ...(isInstance7(instance) && { instance: instanceOf7(instance) }),
    ...(Array.isArray(include) && { include: include.map(shapeOf) }),
  };
  return Object.keys(shapes).length > 0 ? { ...argument, ...shapes } : argument;
}

/** Of the row of an instance, too. */
function bulkDelete7(sequelize: SequelizeShape, table: unknown, options: OptionsShape = {}): Statement {
  const model = modelAt7(table);
  const instance = instances.get(options.where as object);
  const named = tableOf(table, model);
  return instance
    ? { ...remove(sequelize, instanceOf7(instance), named, options.where, options), instance: undefined }
    : bulkDelete(sequelize, named, options.where, options, model && modelOf7(model));
}

function truncate(sequelize: SequelizeShape, table: unknown, options?: OptionsShape): Statement {
  const model = modelAt7(table);
  const told = { ...options, truncate: true };
  return {
    ...bulkDelete(sequelize, tableOf(table, model), undefined, told, model && modelOf7(model)),
    isWhole: true,
  };
}

function tableOf(table: unknown, model: Model7 | undefined): TableShape {
  return model ? model.modelDefinition.table : (table as TableShape);
}

/** By the condition that is of its row alone. */
const instances = new WeakMap<object, Instance7>();
const watched = new WeakSet<object>();

/** Nothing else tells `bulkDelete` which instance is destroyed than the condition that the instance makes. */
function watchWhere(prototype: object): void {
  if (watched.has(prototype)) return;
  watched.add(prototype);
  const wrap = (original: (this: unknown, ...args: unknown[]) => unknown) =>
    function (this: Instance7, ...args: unknown[]): unknown {
      const where = Reflect.apply(original, this, args);
      if (isObject(where)) instances.set(where, this);
      return where;
    };
  wrapMethod(prototype, 'where', wrap, false);
}
