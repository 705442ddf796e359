import {
  DataTypes,
  type Model,
  type ModelStatic,
  type Options,
  type QueryInterface,
  Sequelize,
  type Transaction,
} from 'sequelize';

/**
 * One major version of Sequelize as an application has it installed. What tests do with it beside, all majors have under
 * the same names; the types are those of Sequelize 6.
 */
export interface SequelizeCopy {
  readonly DataTypes: typeof DataTypes;
  /** Whether rows can be selected before they are changed. */
  readonly hasBeforeImages: boolean;
  /** What names the column of an attribute. */
  readonly column: 'field' | 'columnName';
  /** The attributes of `assertTypesShown` whose types it doesn't have in a dialect. */
  lacks(dialect: string): readonly string[];
  /** Whether it doesn't send what begins with `-- `, in a dialect. */
  skipsComments(dialect: string): boolean;
  /** @param options those of Sequelize 6 */
  create(options: Options): Sequelize;
  /** Has rows of `target` destroyed with the row of `source` that they refer to. */
  hasDependents(source: ModelStatic<Model>, target: ModelStatic<Model>, names: Names): void;
  /** The operations that send statements at once: which is answered first is chance. */
  readonly parallel: ReadonlySet<string>;
  addHook(sequelize: Sequelize, hook: string, fn: () => void): void;
  /** Runs `fn` in a transaction, or in a savepoint of `transaction`. */
  transact<T>(
    sequelize: Sequelize,
    transaction: Transaction | null,
    fn: (inner: Transaction) => Promise<T>,
  ): Promise<T>;
  bulkDelete(queryInterface: QueryInterface, table: string, where: object): Promise<unknown>;
  listTables(queryInterface: QueryInterface): Promise<unknown>;
}

interface Names {
  readonly as: string;
  readonly foreignKey: string;
}

export const sequelize6: SequelizeCopy = {
  DataTypes,
  hasBeforeImages: true,
  column: 'field',
  lacks: () => [],
  skipsComments: (dialect) => dialect === 'sqlite',
  create: (options) => new Sequelize(options),
  hasDependents: (source, target, names) => void source.hasMany(target, { ...names, onDelete: 'CASCADE', hooks: true }),
  parallel: new Set(['Model.bulkCreate with individual hooks', 'a many-to-many association', 'findAndCountAll']),
  addHook: (sequelize, hook, fn) => sequelize.addHook(hook as 'beforeQuery', fn),
  transact: (sequelize, transaction, fn) => sequelize.transaction({ transaction }, fn),
  bulkDelete: (queryInterface, table, where) => queryInterface.bulkDelete(table, where as Partial<Model>),
  listTables: (queryInterface) => queryInterface.showAllTables(),
};

/** What both majors have, though the types of Sequelize 6 don't tell. */
interface Inside {
  readonly dialect: { readonly name: string };
  readonly queryInterface: QueryInterface;
}

export function queryInterfaceOf(sequelize: Sequelize): QueryInterface {
  return (sequelize as unknown as Inside).queryInterface;
}

/** `sqlite`, `postgres`, `mariadb` or `mysql`. */
export function dialectOf(sequelize: Sequelize): string {
  return (sequelize as unknown as Inside).dialect.name.replace('sqlite3', 'sqlite');
}
