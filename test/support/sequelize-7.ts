import { DataTypes, Sequelize, type TransactionNestMode } from '@sequelize/core';
import { PostgresDialect } from '@sequelize/postgres';
import { SqliteDialect } from '@sequelize/sqlite3';

import { type SequelizeCopy, sequelize6 } from './sequelize-copy.ts';

/** Sequelize 7: options and methods that have other names there. */
export const sequelize7: SequelizeCopy = {
  DataTypes: DataTypes as never,
  hasBeforeImages: false,
  column: 'columnName',
  lacks: (dialect) => (dialect === 'sqlite' ? ['big', 'price'] : []),
  skipsComments: () => false,
  create({ dialect, dialectModule, username, pool, ...options }) {
    const dialectOptions =
      dialect === 'sqlite'
        ? { dialect: SqliteDialect, sqlite3Module: dialectModule, pool: IN_MEMORY }
        : { dialect: PostgresDialect, user: username, pool };
    return new Sequelize({ ...options, ...dialectOptions } as never) as never;
  },
  hasDependents: (source, target, { as, foreignKey: name }) =>
    void source.hasMany(target, { as, foreignKey: { name, onDelete: 'CASCADE' } } as object),
  parallel: sequelize6.parallel,
  addHook: (sequelize, hook, fn) => of7(sequelize).hooks.addListener(hook as 'beforeQuery', fn),
  transact: (sequelize, transaction, fn) =>
    of7(sequelize).transaction(
      { transaction: transaction as never, nestMode: 'savepoint' as TransactionNestMode },
      fn as never,
    ),
  bulkDelete: (queryInterface, table, where) => queryInterface.bulkDelete(table, { where } as never),
  listTables: (queryInterface) => (queryInterface as unknown as { listTables(): Promise<unknown> }).listTables(),
};

/** Its pool would close the connection, and the database with it. */
const IN_MEMORY = { max: 1, idle: Infinity, maxUses: Infinity };

function of7(sequelize: object): Sequelize {
  return sequelize as Sequelize;
}
