import assert from 'node:assert/strict';

import { logs } from '@opentelemetry/api-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { type Options, Sequelize } from 'sequelize';

import { eventIn } from '../../src/event/event-context.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { withValues } from '../../src/event/json-text.ts';
import { sqlite } from '../../examples/sqlite.js';
import type { SequelizeCopy } from './sequelize-copy.ts';

const recorded: ModelEvent[] = [];

let emitting: (() => void) | undefined;

const processor = {
  onEmit(_record: unknown, context?: Parameters<typeof eventIn>[0]): void {
    const event = eventIn(context);
    if (event && 'model' in event) recorded.push(withValues(event) as ModelEvent);
    emitting?.();
  },
  forceFlush: async (): Promise<void> => {},
  shutdown: async (): Promise<void> => {},
};

/** The real SDK, with a processor that keeps what it gets for {@link takeRecords}. */
export const provider: LoggerProvider = new LoggerProvider({ processors: [processor] });
logs.setGlobalLoggerProvider(provider);

/** The records made since this was last called, oldest first. */
export function takeRecords(): ModelEvent[] {
  return recorded.splice(0);
}

/** Calls `fn` while each record is emitted, until what it returns is called. */
export function whileEmitting(fn: () => void): () => void {
  emitting = fn;
  return () => {
    emitting = undefined;
  };
}

/** A new database, in memory unless `options.storage` names a file. */
export function newDatabase(options: Options = {}): Sequelize {
  return new Sequelize({ dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false, ...options });
}

/** What a record says in short: `CREATE User 1`, with `failure` or `unknown` where it isn't a success. */
export function summary({ event_type, model, instance_id, outcome }: ModelEvent): string {
  return [event_type, model, instance_id, outcome === 'success' ? '' : outcome].filter(Boolean).join(' ');
}

/** Compares summaries; of an operation that sends statements at once, in any order. */
export function assertTold(
  operation: string,
  told: readonly string[],
  expected: readonly string[],
  { parallel }: SequelizeCopy,
): void {
  const inOrder = (all: readonly string[]): readonly string[] => (parallel.has(operation) ? all.toSorted() : all);
  assert.deepEqual(inOrder(told), inOrder(expected));
}
