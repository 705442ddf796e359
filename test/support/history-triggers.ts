import type { Sequelize } from 'sequelize';

import { quoted } from './quoted.ts';
import { dialectOf } from './sequelize-copy.ts';

/** What is logged of each event, in SQL: a value for each of the columns. */
export interface LoggedValues {
  readonly INSERT: readonly string[];
  readonly UPDATE: readonly string[];
  readonly DELETE: readonly string[];
}

/**
 * Has the database itself log into a table `History`, made anew, what happens to the rows of `Items`: triggers do it, so
 * that what was undone is gone from there, too. Its column `seq` counts up.
 *
 * @param columns with their types in SQL
 */
export async function logByTriggers(
  sequelize: Sequelize,
  columns: Readonly<Record<string, string>>,
  values: LoggedValues,
): Promise<void> {
  const dialect = dialectOf(sequelize);
  const seq = { sqlite: 'INTEGER PRIMARY KEY AUTOINCREMENT', postgres: 'SERIAL PRIMARY KEY' }[dialect];
  const typed = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  const names = Object.keys(columns).join(', ');
  await sequelize.query('DROP TABLE IF EXISTS History');
  await sequelize.query(
    `CREATE TABLE History (seq ${seq ?? 'INTEGER PRIMARY KEY AUTO_INCREMENT'}, ${typed.join(', ')})`,
  );
  for (const [event, logged] of Object.entries(values) as [keyof LoggedValues, readonly string[]][]) {
    const trigger = `history_${event.toLowerCase()}`;
    const log = `INSERT INTO History (${names}) VALUES (${logged.join(', ')})`;
    if (dialect === 'postgres') {
      await sequelize.query(
        `CREATE OR REPLACE FUNCTION ${trigger}() RETURNS trigger AS $$ BEGIN ${log}; RETURN NULL; END $$ LANGUAGE plpgsql`,
      );
    }
    const action = { sqlite: `BEGIN ${log}; END`, postgres: `EXECUTE FUNCTION ${trigger}()` }[dialect];
    await sequelize.query(
      `CREATE TRIGGER ${trigger} AFTER ${event} ON ${quoted('Items', sequelize)} FOR EACH ROW ${action ?? log}`,
    );
  }
}
