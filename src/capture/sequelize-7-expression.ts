import type { Expression } from './sequelize-expression.ts';
import { isObject } from './sequelize-shape.ts';

/**
 * Sequelize 7's `BaseSqlExpression` in the shape of Sequelize 6's expressions. Known by the names of what it holds, and by
 * its class, as a bundle may hold any copy, with other names for its classes.
 *
 * https://github.com/sequelize/sequelize/tree/main/packages/core/src/expression-builders
 */
export function expressionOf7(value: object, keys: string): Expression | undefined {
  const convert = CONVERTERS[keys];
  return convert && extendsEmptyClass(value) ? convert(value as Expression) : undefined;
}

/** By the names of its properties. */
const CONVERTERS: Readonly<Record<string, (expression: Expression) => Expression>> = {
  identifiers: ({ identifiers }) => ({ col: namesIn(identifiers) }),
  attributeName: ({ attributeName }) => ({ col: attributeName }),
  'associationPath attributeName': ({ associationPath, attributeName }) => ({
    col: `${namesIn(associationPath)}.${String(attributeName)}`,
  }),
  // A list of values, or an identifier: nothing but the name of its class tells them apart.
  values: ({ values }) => ({ fn: '', args: values }),
  value: () => ({ val: '?' }),
  'expression type': ({ expression, type }) => ({ val: expression, type: typeName(type), json: false }),
  'expression path': ({ expression }) => ({ fn: 'json', args: [expression] }),
  args: ({ args, constructor }) => ({ fn: (constructor as { name: string }).name, args }),
  where: ({ where }) => ({ where }),
};

function namesIn(names: unknown): string {
  return Array.isArray(names) ? names.join('.') : String(names);
}

function typeName(type: unknown): unknown {
  const { getDataTypeId } = type as { getDataTypeId?: () => unknown };
  return getDataTypeId ? getDataTypeId.call(type) : type;
}

function extendsEmptyClass(value: object): boolean {
  let depth = 0;
  let prototype = Object.getPrototypeOf(value) as object;
  for (;;) {
    const parent = Object.getPrototypeOf(prototype) as object | null;
    if (parent === null) return false;
    if (parent === Object.prototype) return depth > 0 && Object.getOwnPropertyNames(prototype).length === 1;
    prototype = parent;
    depth += 1;
  }
}

/** `where(left, …)` holds what it compares with under this name. */
export function isComparison7(where: unknown): where is { leftOperand: unknown; whereValue: unknown } {
  return isObject(where) && 'leftOperand' in where && 'whereValue' in where;
}
