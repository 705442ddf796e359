import { isPlainObject } from '../event/is-plain-object.ts';
import { isComparison7 } from './sequelize-7-expression.ts';
import { type Expression, expressionOf } from './sequelize-expression.ts';
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
  const expression = expressionOf(value);
  return expression ? { sql: textOf(expression) } : value;
}

/** The conditions of a `where` as JSON can tell them: `{age: {gt: 18}}`, by attribute. */
export function plainWhere(where: unknown, model: ModelShape | undefined, depth = 0): unknown {
  if (depth > MAX_DEPTH) return TRUNCATED;
  if (Array.isArray(where)) {
    const items = where.slice(0, MAX_ITEMS).filter((item) => item !== undefined);
    const shown = items.map((item) => plainWhere(item, model, depth + 1));
    return where.length > MAX_ITEMS ? [...shown, TRUNCATED] : shown;
  }
  const expression = expressionOf(where);
  if (expression) return plainCondition(expression, model, depth);
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
  if ('where' in expression) {
    const { where } = expression;
    if (!isComparison7(where)) return plainWhere(where, model, depth);
    return { [comparedName(where.leftOperand, model)]: plainWhere(where.whereValue, model, depth + 1) };
  }
  if (!('logic' in expression)) return { sql: textOf(expression) };
  const { attribute, comparator, logic } = expression;
  return {
    [comparedName(attribute, model)]: {
      [typeof comparator === 'symbol' ? (comparator.description ?? '') : String(comparator)]: plainWhere(
        logic,
        model,
        depth + 1,
      ),
    },
  };
}

function comparedName(compared: unknown, model: ModelShape | undefined): string {
  const name = columnIn(compared);
  return name === undefined ? expressionText(compared) : attributeOf(name, model);
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
  const { col, fieldName, args, val, attribute } = expressionOf(expression) ?? expression;
  if (typeof col === 'string') return lastPart(col);
  if (typeof fieldName === 'string') return fieldName;
  return columnIn(args ?? val ?? attribute);
}

function lastPart(column: string): string {
  return column.slice(column.lastIndexOf('.') + 1);
}

function expressionText(value: unknown): string {
  const expression = expressionOf(value);
  return expression ? textOf(expression) : '?';
}

function textOf(expression: Expression): string {
  if ('fn' in expression)
    return `${String(expression['fn'])}(${listed(expression['args']).map(expressionText).join(', ')})`;
  if ('col' in expression) return String(expression['col']);
  if ('type' in expression) return `CAST(${expressionText(expression['val'])} AS ${String(expression['type'])})`;
  if ('val' in expression) return literalText(expression['val']);
  if ('path' in expression) return `json(${maskLiterals(String(expression['path']))})`;
  return '?';
}

/** Sequelize 7 gives a text as its parts, between which values and expressions stand. */
function literalText(val: unknown): string {
  const parts = Array.isArray(val) ? (val as unknown[]) : [val];
  return maskLiterals(parts.map((part) => (isObject(part) ? expressionText(part) : String(part))).join(''));
}

function listed(args: unknown): readonly unknown[] {
  return Array.isArray(args) ? args : [];
}
