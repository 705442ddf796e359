import { guard } from './guard.ts';

/** What a thrown thing tells of itself. */
export interface Exception {
  readonly type: string;
  readonly message: string;
  /** The whole stack, with those of its causes, and of the errors that an AggregateError holds. */
  readonly stack: string;
}

const MAX_ERRORS = 10;

/** Reads an error; it may be one of another realm, and its properties may throw. */
export function exceptionOf(error: object): Exception {
  const { type, message } = headOf(error);
  return { type, message, stack: stackWithCauses(error, new Set()) };
}

/** Whether a value is an error, of whichever realm. */
export function isError(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof Error || process.getBuiltinModule('node:util').types.isNativeError(value);
}

/** An error as it introduces itself: `TypeError: x is not a function`. */
export function errorHead(error: object): string {
  const { type, message } = headOf(error);
  return message === '' ? type : `${type}: ${message}`;
}

function headOf(error: object): { type: string; message: string } {
  return { type: textOf(error, 'name') || 'Error', message: textOf(error, 'message') };
}

/** Each error once, and no more than ten: causes may go round in a circle. */
function stackWithCauses(error: object, seen: Set<object>): string {
  seen.add(error);
  const own = textOf(error, 'stack') || errorHead(error);
  const parts = causesOf(error).map(([label, cause]) => {
    if (!isError(cause)) return `${label}: ${String(guard('reading a cause', () => String(cause)))}`;
    return seen.has(cause) || seen.size >= MAX_ERRORS ? '' : `${label}: ${stackWithCauses(cause, seen)}`;
  });
  return [own, ...parts.filter(Boolean)].join('\n');
}

function causesOf(error: object): (readonly [label: string, cause: unknown])[] {
  const cause = propertyOf(error, 'cause');
  const errors = propertyOf(error, 'errors');
  const held = Array.isArray(errors) ? errors.filter(isError) : [];
  return [
    ...(cause === undefined || cause === null ? [] : ([['Caused by', cause]] as const)),
    ...held.map((one) => ['One of its errors', one] as const),
  ];
}

function textOf(error: object, name: string): string {
  const value = propertyOf(error, name);
  return typeof value === 'string' ? value : '';
}

function propertyOf(error: object, name: string): unknown {
  try {
    return (error as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
