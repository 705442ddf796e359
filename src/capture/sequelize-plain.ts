import { isPlainObject } from '../event/is-plain-object.ts';
import { type ModelShape, attributeOf, isObject } from './sequelize-shape.ts';
import { maskLiterals } from './sequelize-sql.ts';

const MAX_DEPTH = 12;
const MAX_ITEMS = 1000;
const TRUNCATED = '[Truncated]';

/**
 * A value of the application as it is, and an expression (`fn`, `col`, `cast`, `literal`, `json`) as `{sql}` with its
 * literal values replaced by `?`.
 */
export function plain(value: unknown): unknown {
  return isExpression(value) ? { sql: expressionText(value) } : value;
}

/** The conditions of a `where` as JSON can tell them: `{age: {gt: 18}}`, by attribute. */
export function plainWhere(where: unknown, model: ModelShape | undefined, depth = 0): unknown {
  if (depth > MAX_DEPTH) return TRUNCATED;
  if (Array.isArray(where)) {
    const items = where.slice(0, MAX_ITEMS).filter((item) => item !== undefined);
    const shown = items.map((item) => plainWhere(item, model, depth + 1));
    return where.length > MAX_ITEMS ? [...shown, TRUNCATED] : shown;
  }
  if (isExpression(where)) return plainCondition(where, model, depth);
  if (!isPlainObject(where)) return where;
  const conditions: Record<string, unknown> = {};
  for (const key of Reflect.ownKeys(where)) {
    const name = typeof key === 'symbol' ? (key.description ?? '') : attributeOf(key, model);
    conditions[name] = plainWhere(where[key], model, depth + 1);
  }
  return conditions;
}

/** `where(fn('lower', col('email')), 'x')` under the name of its column, by which its value can be redacted. */
function plainCondition(expression: Expression, model: ModelShape | undefined, depth: number): unknown {
  if (!('logic' in expression)) return plain(expression);
  const { attribute, comparator, logic } = expression;
  const name = columnIn(attribute);
  return {
    [name === undefined ? expressionText(attribute) : attributeOf(name, model)]: {
      [typeof comparator === 'symbol' ? (comparator.description ?? '') : String(comparator)]: plainWhere(
        logic,
        model,
        depth + 1,
      ),
    },
  };
}

/** The first column that an expression names. */
export function columnIn(expression: unknown): string | undefined {
  if (Array.isArray(expression)) {
    for (const item of expression) {
      const column = columnIn(item);
      if (column !== undefined) return column;
    }
    return undefined;
  }
  if (!isObject(expression)) return undefined;
  if (typeof expression['col'] === 'string') return lastPart(expression['col']);
  if (typeof expression['fieldName'] === 'string') return expression['fieldName'];
  return columnIn(expression['args'] ?? expression['val'] ?? expression['attribute']);
}

function lastPart(column: string): string {
  return column.slice(column.lastIndexOf('.') + 1);
}

/** Sequelize's `SequelizeMethod`: https://github.com/sequelize/sequelize/blob/v6/src/utils.js (known by shape, as a bundle may hold any copy). */
type Expression = Record<PropertyKey, unknown>;

function isExpression(value: unknown): value is Expression {
  if (!isObject(value) || isPlainObject(value) || Array.isArray(value)) return false;
  const keys = Object.keys(value).join(' ');
  return EXPRESSION_KEYS.has(keys);
}

const EXPRESSION_KEYS: ReadonlySet<string> = new Set([
  'fn args',
  'col',
  'val type json',
  'val',
  'conditions',
  'path',
  'path value',
  'attribute comparator logic',
]);

function expressionText(value: unknown): string {
  if (!isExpression(value)) return '?';
  if ('fn' in value) return `${String(value['fn'])}(${(value['args'] as unknown[]).map(expressionText).join(', ')})`;
  if ('col' in value) return String(value['col']);
  if ('type' in value) return `CAST(${expressionText(value['val'])} AS ${String(value['type'])})`;
  if ('val' in value) return maskLiterals(String(value['val']));
  if ('path' in value) return `json(${maskLiterals(String(value['path']))})`;
  return '?';
}
