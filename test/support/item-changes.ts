import { QueryTypes, type Sequelize } from 'sequelize';

import { logByTriggers } from './history-triggers.ts';
import { quoted } from './quoted.ts';

/** What a row of `Items` held. */
export interface ItemState {
  readonly value: number;
  readonly count: number;
  readonly team: number;
  /** When it was deleted softly, `''` where it is there. */
  readonly deleted: string;
}

/** What happened to one row, as the database itself has logged it. */
export interface ItemChange {
  readonly id: string;
  readonly before: ItemState | undefined;
  readonly after: ItemState | undefined;
}

const COLUMNS = ['value', 'count', 'team'] as const;

/**
 * Has the database itself log what happens to the rows of `Items`, by triggers: what was undone is gone from there, too.
 *
 * @param paranoid whether rows are deleted softly
 */
export async function logChanges(sequelize: Sequelize, paranoid: boolean): Promise<void> {
  const dialect = sequelize.getDialect();
  const name = (identifier: string): string => quoted(identifier, sequelize);
  const deletedAt = dialect === 'postgres' ? `CAST(%.${name('deletedAt')} AS TEXT)` : `%.${name('deletedAt')}`;
  const parts = [...COLUMNS.map((column) => `%.${name(column)}`), paranoid ? `COALESCE(${deletedAt}, '')` : "''"];
  const state = (row: 'OLD' | 'NEW'): string[] => parts.map((part) => part.replaceAll('%', row));
  const nothing = parts.map(() => 'NULL');
  await logByTriggers(sequelize, LINE, {
    INSERT: ['NEW.id', ...nothing, ...state('NEW')],
    UPDATE: ['NEW.id', ...state('OLD'), ...state('NEW')],
    DELETE: ['OLD.id', ...state('OLD'), ...nothing],
  });
}

/** The columns of a line: which row, and what it held before and after. */
const LINE = {
  item: 'INTEGER',
  value0: 'INTEGER',
  count0: 'INTEGER',
  team0: 'INTEGER',
  deleted0: 'VARCHAR(40)',
  value1: 'INTEGER',
  count1: 'INTEGER',
  team1: 'INTEGER',
  deleted1: 'VARCHAR(40)',
};

interface Line {
  readonly item: number;
  readonly value0: number | null;
  readonly count0: number;
  readonly team0: number;
  readonly deleted0: string;
  readonly value1: number | null;
  readonly count1: number;
  readonly team1: number;
  readonly deleted1: string;
}

/** In the order in which it happened, without rows that an UPDATE left as they were: triggers tell of those, too. */
export async function changesIn(sequelize: Sequelize): Promise<ItemChange[]> {
  const lines = await sequelize.query<Line>('SELECT * FROM History ORDER BY seq', { type: QueryTypes.SELECT });
  return lines.map(changeIn).filter(({ before, after }) => !before || !after || isOther(before, after));
}

function changeIn(line: Line): ItemChange {
  const { item, value0, count0, team0, deleted0, value1, count1, team1, deleted1 } = line;
  return {
    id: String(item),
    before: value0 === null ? undefined : { value: value0, count: count0, team: team0, deleted: deleted0 },
    after: value1 === null ? undefined : { value: value1, count: count1, team: team1, deleted: deleted1 },
  };
}

function isOther(one: ItemState, other: ItemState): boolean {
  return (
    one.value !== other.value || one.count !== other.count || one.team !== other.team || one.deleted !== other.deleted
  );
}
