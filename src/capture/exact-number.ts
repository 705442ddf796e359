import { type AttributeShape, isObject } from './sequelize-shape.ts';

/** Their values can be more exact than a number of JavaScript is: drivers give them as texts, as numbers, as objects. */
const EXACT: ReadonlySet<unknown> = new Set(['BIGINT', 'DECIMAL']);

/** The value of an attribute: as a text, whatever the driver made of it, where the attribute holds exact numbers. */
export function exactNumber(value: unknown, attribute: AttributeShape | undefined): unknown {
  if (!isExact(attribute)) return value;
  if (typeof value === 'number' || typeof value === 'bigint' || isLong(value)) return String(value);
  return value;
}

/** Whether two values of an attribute that holds exact numbers are the same number: `1.50` and `1.5`. */
export function isSameNumber(a: unknown, b: unknown, attribute: AttributeShape | undefined): boolean {
  return isExact(attribute) && isText(a) && isText(b) && normalized(a) === normalized(b);
}

function isExact(attribute: AttributeShape | undefined): boolean {
  return EXACT.has(attribute?.type?.key);
}

/** What the driver of MariaDB makes of a BIGINT that is too big for a number. */
function isLong(value: unknown): boolean {
  return isObject(value) && 'low' in value && 'high' in value && 'unsigned' in value;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function normalized(number: string): string {
  const [, sign, whole = '', fraction = ''] = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(number.trim()) ?? [];
  if (sign === undefined) return number;
  return `${sign === '-' && whole + fraction !== '' ? '-' : ''}${whole || '0'}${fraction === '' ? '' : `.${fraction}`}`;
}
