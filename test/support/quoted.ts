import type { Sequelize } from 'sequelize';

/** An identifier as SQL of the dialect quotes it. */
export function quoted(identifier: string, sequelize: Sequelize): string {
  return sequelize.getQueryInterface().quoteIdentifier(identifier, true);
}
