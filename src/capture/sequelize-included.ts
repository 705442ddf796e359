import { instanceId } from '../event/model-event.ts';
import { listOf } from './list-of.ts';
import { foundValues, keyOf } from './sequelize-row.ts';
import type { IncludeShape, ModelShape } from './sequelize-shape.ts';

/** The rows of one other model that came along with those that were looked for. */
export interface Included {
  readonly model: string;
  /** Each once, in the order in which they came; at most a thousand. */
  readonly instance_ids: readonly string[];
  readonly truncated?: true;
}

/** The most ids of one model that one record lists. */
export const MAX_IDS = 1000;

/**
 * The rows of other models in what a find resolved to: in instances, or raw, nested or in columns such as `Posts.id`. Not
 * those whose key it wasn't asked for, nor those of a `separate` include, which is a find of its own.
 */
export function includedIn(rows: readonly unknown[], includes: readonly IncludeShape[] = []): Included[] {
  const ids = new Map<string, Set<string>>();
  for (const row of rows) collect(ids, row, includes, '');
  return Array.from(ids, ([model, found]) => {
    const listed = [...found];
    return listed.length > MAX_IDS
      ? { model, instance_ids: listed.slice(0, MAX_IDS), truncated: true }
      : { model, instance_ids: listed };
  });
}

/** @param prefix of the columns of `row` in which rows of other models stand */
function collect(ids: Map<string, Set<string>>, row: unknown, includes: readonly IncludeShape[], prefix: string): void {
  const values = foundValues(row);
  for (const { as, model, include = [] } of includes) {
    if (as === undefined || !model) continue;
    const held = values[prefix + as];
    if (held === undefined) {
      const columns = `${prefix}${as}.`;
      add(ids, model, instanceId(model.primaryKeyAttributes.map((name) => values[columns + name])));
      collect(ids, row, include, columns);
    }
    for (const one of listOf(held)) {
      add(ids, model, instanceId(keyOf(foundValues(one), model)));
      collect(ids, one, include, '');
    }
  }
}

function add(ids: Map<string, Set<string>>, { name }: ModelShape, id: string): void {
  if (id === '') return;
  const found = ids.get(name);
  if (!found) ids.set(name, new Set([id]));
  // One more than are listed, so as to know that there are more.
  else if (found.size <= MAX_IDS) found.add(id);
}
