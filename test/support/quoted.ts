import type { Sequelize } from 'sequelize';

import { queryInterfaceOf } from './sequelize-copy.ts';

/** An identifier as SQL of the dialect quotes it. */
export function quoted(identifier: string, sequelize: Sequelize): string {
  return queryInterfaceOf(sequelize).quoteIdentifier(identifier, true);
}
