import { guard } from '../event/guard.ts';
import type { Place } from './sequelize-journal.ts';
import type { TransactionShape } from './sequelize-shape.ts';

type Run = () => Promise<unknown>;
type Method = (...args: unknown[]) => Promise<unknown>;

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

/**
 * Puts `wrapper` around a method of this one object. The method of its class is looked up with each call, as others may
 * patch that, and no mark of shimmer is left, which would make them undo each other.
 */
export function around(
  target: object,
  name: string,
  wrapper: (run: Run, args: readonly unknown[]) => Promise<unknown>,
): void {
  const methods = target as Record<string, Method | undefined>;
  if (typeof methods[name] !== 'function') return;
  const own = Object.hasOwn(target, name) ? methods[name] : undefined;
  const prototype = Object.getPrototypeOf(target) as Record<string, Method>;
  const value = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return wrapper(() => (own ?? prototype[name] ?? unreachable).apply(this, args), args);
  };
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}

/** Runs `run`, and `ended` before the caller learns of the end. */
export function observe(run: Run, ended: (outcome: Ended) => void): Promise<unknown> {
  const running = run();
  if (typeof (running as Partial<Promise<unknown>> | undefined)?.then !== 'function') return running;
  return running.then(
    (result) => {
      guard('recording a statement', () => ended({ failed: false, result }));
      return result;
    },
    (error: unknown) => {
      guard('recording a statement', () => ended({ failed: true, error }));
      throw error;
    },
  );
}

function unreachable(): never {
  throw new TypeError('not a function');
}
