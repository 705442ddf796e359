import { AsyncLocalStorage } from 'node:async_hooks';

import type { SpanContext } from '../vendor/opentelemetry.ts';
import type { Actor } from './actor.ts';

/** The work in hand: one request being served, or one stretch of code that `withActor` or `setActor` gave an actor. */
export interface Work {
  /** The same on every record made while serving one request; absent outside of a request. */
  readonly requestId?: string;
  /** The caller's span, from a valid incoming `traceparent`. */
  readonly remoteSpan?: SpanContext | undefined;
  /**
   * Looks for the user where the application keeps it, for example in `req.user`. It is asked each time a record is
   * made, since authentication runs later than the request starts. It doesn't throw. Each request has its own.
   */
  readonly findActor?: () => Actor | undefined;
  /** Who asks, as far as the connection and the headers tell; undefined if it is first asked when the request has ended. It doesn't throw. */
  readonly findClient?: () => Client | undefined;
  /** Nothing of the request is to be held any longer, whatever it has started. */
  readonly requestEnded?: () => void;
  /** Set where the request that is served looks like telemetry of another process: so may then what it passes along. */
  readonly isMarkedAsExport?: true;
  /** The migration of the database that is being run. */
  readonly migration?: string | undefined;
  /** The name of who is asked, of all that goes out. */
  readonly peer?: string | undefined;
  /** The cell that `setActor` fills. It wins over `findActor`. */
  actor?: Actor | undefined;
}

/** Who sent a request. */
export interface Client {
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

const SLOT = Symbol.for('activity-audit.work.1');

/** One store a process, even where two copies of this package are loaded. */
const store: AsyncLocalStorage<Work> = ((globalThis as Record<symbol, unknown>)[SLOT] ??=
  new AsyncLocalStorage<Work>()) as AsyncLocalStorage<Work>;

/** The work that the running code belongs to, also across `await`, timers and events. */
export function currentWork(): Work | undefined {
  return store.getStore();
}

/** Whether two are parts of serving one request. The id doesn't tell: clients may give several requests the same one. */
export function isSameRequest(one: Work | undefined, other: Work | undefined): boolean {
  return one === other || (one?.findActor !== undefined && one.findActor === other?.findActor);
}

/** Makes `work` the work in hand for the rest of the current asynchronous execution and all that it starts. */
export function enterWork(work: Work): void {
  store.enterWith(work);
}

/** Calls `fn` with `work`, or with none, as the work in hand, and returns what it returns. */
export function runInWork<T>(work: Work | undefined, fn: () => T): T {
  return store.run(work as Work, fn);
}

/**
 * Has Node.js follow asynchronous executions from now on. Before Node.js 24 it does so from the first use on, and what is
 * entered in one that began earlier is entered for all the process.
 */
export function startFollowing(): void {
  store.run({}, () => undefined);
}
