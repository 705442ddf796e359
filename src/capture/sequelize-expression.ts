import { isPlainObject } from '../event/is-plain-object.ts';
import { expressionOf7 } from './sequelize-7-expression.ts';
import { isObject } from './sequelize-shape.ts';

/** An expression in the shape of Sequelize 6. */
export type Expression = Record<PropertyKey, unknown>;

/** `fn`, `col`, `cast`, `literal`, `json`, `where` of any major; undefined for a value of the application. */
export function expressionOf(value: unknown): Expression | undefined {
  if (!isObject(value) || isPlainObject(value) || Array.isArray(value) || ArrayBuffer.isView(value)) return undefined;
  const keys = Object.keys(value).join(' ');
  return KEYS.has(keys) ? value : expressionOf7(value, keys);
}

/** Sequelize's `SequelizeMethod`: https://github.com/sequelize/sequelize/blob/v6/src/utils.js (known by shape, as a bundle may hold any copy). */
const KEYS: ReadonlySet<string> = new Set([
  'fn args',
  'col',
  'val type json',
  'val',
  'conditions',
  'path',
  'path value',
  'attribute comparator logic',
]);
