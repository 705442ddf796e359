import { QueryTypes, type Sequelize } from 'sequelize';

import { logByTriggers } from './history-triggers.ts';
import { quoted } from './quoted.ts';
import { dialectOf } from './sequelize-copy.ts';

/**
 * Has the database itself log what happens to the rows of `Items`, by triggers: what was undone is gone from there, too.
 *
 * @param paranoid whether rows are deleted softly
 */
export async function logHistory(sequelize: Sequelize, paranoid: boolean): Promise<void> {
  const name = (identifier: string): string => quoted(identifier, sequelize);
  const isSqlite = dialectOf(sequelize) === 'sqlite';
  const text = (...parts: string[]): string => (isSqlite ? parts.join(' || ') : `CONCAT(${parts.join(', ')})`);
  const value = name('value');
  const deleted = (row: string): string =>
    paranoid ? `CASE WHEN ${row}.${name('deletedAt')} IS NULL THEN '' ELSE ' deleted' END` : "''";
  await logByTriggers(
    sequelize,
    { line: 'VARCHAR(100)' },
    {
      INSERT: [text("'+ '", 'NEW.id', "' '", `NEW.${value}`)],
      UPDATE: [text("'~ '", 'NEW.id', "' '", `OLD.${value}`, deleted('OLD'), "' -> '", `NEW.${value}`, deleted('NEW'))],
      DELETE: [text("'- '", 'OLD.id', "' '", `OLD.${value}`)],
    },
  );
}

/** `+ id value`, `~ id old -> new`, with `deleted` behind either, `- id value`: in the order in which it happened. */
export async function historyOf(sequelize: Sequelize): Promise<string[]> {
  const rows = await sequelize.query<{ line: string }>('SELECT line FROM History ORDER BY seq', {
    type: QueryTypes.SELECT,
  });
  return rows.map(({ line }) => line).filter(isChange);
}

/** Triggers also tell of rows that an UPDATE left as they were. */
export function isChange(line: string): boolean {
  const [, before, after] = /^~ \d+ (.*) -> (.*)$/.exec(line) ?? [];
  return before === undefined || before !== after;
}
