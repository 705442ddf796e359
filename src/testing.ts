/** `activity-audit/testing`: an application's own tests see what would be recorded. */
import { attachEvent, attachedEvent } from './event/attached-event.ts';
import { observeEmitted } from './event/emit.ts';
import { eventIn } from './event/event-context.ts';
import type { AnyEvent, AppEvent, LoginEvent, ModelEvent, RequestEvent } from './event/event.ts';
import type { LogRecordLike } from './event/from-log-record.ts';
import { type Redactor, createRedactor } from './event/redact.ts';
import { auditInstrumentations } from './instrumentations.ts';
import type { InstrumentationOptions } from './options.ts';
import { type Context, LoggerProvider, logs } from './vendor/opentelemetry.ts';

export type { AnyEvent, AppEvent, LoginEvent, ModelEvent, RequestEvent } from './event/event.ts';

export interface AuditObserver {
  /** All records so far, in the order they were made, each with the keys of its file line. */
  readonly records: readonly AnyEvent[];
  readonly models: readonly ModelEvent[];
  readonly requests: readonly RequestEvent[];
  readonly logins: readonly LoginEvent[];
  readonly app: readonly AppEvent[];
  /**
   * The first record, made already or yet to come, that `isIt` accepts: the record of a request is made a moment after
   * its response has arrived.
   *
   * @param timeoutMs how long to wait. @default 1000
   * @throws Error if none comes in time
   */
  waitFor<E extends AnyEvent = AnyEvent>(isIt: (record: AnyEvent) => boolean, timeoutMs?: number): Promise<E>;
  /** Forgets the records so far. */
  clear(): void;
  /** Stops observing, and recording unless something else asked for it. */
  stop(): void;
}

/**
 * Starts recording into memory, without files. Call it before Sequelize is loaded, or pass the Sequelize instance to
 * `auditSequelize`.
 *
 * @example
 * const audit = observeAudit();
 * await fetch(`${url}/articles/1`, { method: 'DELETE' });
 * assert.equal(audit.models.at(-1)?.event_type, 'DELETE');
 * audit.stop();
 *
 * @throws OptionError for an option that is unknown or has a value it doesn't take
 */
export function observeAudit(options: InstrumentationOptions = {}): AuditObserver {
  const memory = new Memory();
  const redactor = createRedactor(options.redaction);
  const instrumentations = auditInstrumentations(options, redactor);
  const undo = [
    observeEmitted((event) => memory.add(event)),
    observeAppRecords((event) => memory.add(event), redactor),
    () => instrumentations.forEach((instrumentation) => instrumentation.disable()),
  ];
  return Object.assign(memory, { stop: () => undo.splice(0).forEach((step) => step()) });
}

class Memory {
  readonly records: AnyEvent[] = [];
  readonly #waiting = new Set<(record: AnyEvent) => void>();

  get models(): ModelEvent[] {
    return this.records.filter((record): record is ModelEvent => record.name === 'audit.model');
  }

  get requests(): RequestEvent[] {
    return this.records.filter((record): record is RequestEvent => record.name === 'audit.request');
  }

  get logins(): LoginEvent[] {
    return this.records.filter((record): record is LoginEvent => record.name === 'audit.login');
  }

  get app(): AppEvent[] {
    return this.records.filter((record): record is AppEvent => !record.name.startsWith('audit.'));
  }

  add(record: AnyEvent): void {
    this.records.push(record);
    for (const look of this.#waiting) look(record);
  }

  clear(): void {
    this.records.length = 0;
  }

  waitFor<E extends AnyEvent = AnyEvent>(isIt: (record: AnyEvent) => boolean, timeoutMs = 1000): Promise<E> {
    const there = this.records.find(isIt);
    if (there) return Promise.resolve(there as E);
    return new Promise((resolve, reject) => {
      const look = (record: AnyEvent): void => {
        if (!isIt(record)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(record as E);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const seen = this.records.map((record) => record.message).join('; ');
        reject(new Error(`no such record within ${timeoutMs} ms; there were: ${seen || 'none'}`));
      }, timeoutMs);
      this.#waiting.add(look);
    });
  }
}

/** What is logged through the Logs API, unless the process has a provider of its own. */
function observeAppRecords(add: (event: AnyEvent) => void, redactor: Redactor): () => void {
  const provider = new LoggerProvider({
    processors: [
      {
        onEmit(record: LogRecordLike, context?: Context) {
          // What is ours was observed when it was emitted.
          if (eventIn(context)) return;
          attachEvent(record, context, redactor);
          add(attachedEvent(record, redactor) as AppEvent);
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  const isOurs = logs.setGlobalLoggerProvider(provider) === provider;
  return () => {
    if (isOurs) logs.disable();
  };
}
