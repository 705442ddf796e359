import { acknowledgementOf } from '../event/acknowledgement.ts';
import { guard } from '../event/guard.ts';
import { define } from './define.ts';
import { originalMethod } from './original-method.ts';
import type { Place } from './sequelize-place.ts';
import type { TransactionShape } from './sequelize-shape.ts';

type Run = () => Promise<unknown>;

/** How something ended. */
export interface Ended {
  readonly failed: boolean;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** What the database said to a statement, and where the statement stands in its transaction. */
export interface Answer extends Ended {
  readonly transaction?: TransactionShape | undefined;
  readonly place?: Place | undefined;
  /** It never was sent. */
  readonly isUnsent?: boolean;
}

/** Puts `wrapper` around a method of this one object, without shimmer's marks, which would make others take it off. */
export function around(
  target: object,
  name: string,
  wrapper: (run: Run, args: readonly unknown[]) => Promise<unknown>,
): void {
  if (typeof (target as Record<string, unknown>)[name] !== 'function') return;
  const original = originalMethod(target, name);
  const wrapped = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return wrapper(() => Reflect.apply(original, this, args) as Promise<unknown>, args);
  };
  define(target, name, wrapped, false);
}

/** Runs `run`, and `ended` before the caller learns of the end. */
export function observe(run: Run, ended: (outcome: Ended) => void): Promise<unknown> {
  const running = run();
  return isPromise(running) ? observed(running, ended) : running;
}

/**
 * Calls `ended` before the caller learns of the end, and has it wait until what that emitted is acknowledged. An async
 * function, as the stacks of errors lead through those alone.
 */
export async function observed(running: Promise<unknown>, ended: (outcome: Ended) => void): Promise<unknown> {
  let result: unknown;
  try {
    result = await running;
  } catch (error) {
    const acknowledged = recorded(() => ended({ failed: true, error }));
    if (acknowledged) await acknowledged;
    throw error;
  }
  const acknowledged = recorded(() => ended({ failed: false, result }));
  if (acknowledged) await acknowledged;
  return result;
}

/** Records how something ended; returns what the caller has to wait for before it learns of that, if anything. */
export function recorded(record: () => void): Promise<unknown> | undefined {
  return acknowledgementOf(() => guard('recording a statement', record));
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Partial<Promise<unknown>> | undefined)?.then === 'function';
}
