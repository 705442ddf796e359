import type { Origin } from '../context/origin.ts';
import { runInWork } from '../context/work.ts';
import { type ApiLoggerProvider, logs } from '../vendor/opentelemetry.ts';
import type { AnyEvent, AppEvent, AuditEvent } from './event.ts';
import { guard } from './guard.ts';
import { type JsonText, withValues } from './json-text.ts';
import { type AppFacts, toAppLogRecord, toBareAppLogRecord } from './to-app-log-record.ts';
import { toBareLogRecord, toLogRecord } from './to-log-record.ts';

/** The instrumentation scope of our records and metrics. */
export const SCOPE = 'activity-audit';

type Logger = ReturnType<ApiLoggerProvider['getLogger']>;

let lastProvider: ApiLoggerProvider | undefined;
let lastLogger: Logger | undefined;

/**
 * The one door out: hands an event to OpenTelemetry. Never throws. What other processors than ours do with it, such as to
 * send it later, is not done in the work that it tells of.
 *
 * @param provider the provider that an SDK gave the instrumentation; without one, that of the process
 */
export function emit(event: AuditEvent<JsonText>, origin: Origin, provider?: ApiLoggerProvider): void {
  guard('emitting a record', () => {
    for (const observer of observers) observer(withValues(event));
    const target = provider ?? globalProvider();
    if (eventTakers.has(target)) loggerOf(target).emit(toBareLogRecord(event, origin));
    else toOthers(() => loggerOf(target).emit(toLogRecord(event, origin)));
  });
}

/** The same for what the application logs: its logger's name is the scope. */
export function emitApp(event: AppEvent, origin: Origin, facts: AppFacts, provider?: ApiLoggerProvider): void {
  // What an exporter says of a record that it is given would be given to it for ever.
  if (isEmitting) return;
  guard('emitting a record', () => {
    for (const observer of observers) observer(event);
    const target = provider ?? globalProvider();
    const logger = target.getLogger(event.name);
    if (eventTakers.has(target)) logger.emit(toBareAppLogRecord(event, origin, facts));
    else toOthers(() => logger.emit(toAppLogRecord(event, origin, facts)));
  });
}

let isEmitting = false;

/** Hands a record to processors that may be anybody's. */
function toOthers(handOver: () => void): void {
  const wasEmitting = isEmitting;
  isEmitting = true;
  try {
    runInWork(undefined, handOver);
  } finally {
    isEmitting = wasEmitting;
  }
}

const eventTakers = new WeakSet<ApiLoggerProvider>();

/** Says that all processors of a provider are ours: they take the event itself, and nobody reads its attributes. */
export function takesEvents(provider: ApiLoggerProvider): void {
  eventTakers.add(provider);
}

type Observer = (event: AnyEvent) => void;

const OBSERVERS = Symbol.for('activity-audit.observers.1');

/** Those of all copies of this package: `register` is one by itself. */
const observers = ((globalThis as Record<symbol, unknown>)[OBSERVERS] ??= new Set()) as Set<Observer>;

/** Calls `observer` with each event as it is emitted, for tests; returns how to stop it. */
export function observeEmitted(observer: Observer): () => void {
  observers.add(observer);
  return () => observers.delete(observer);
}

/** `provider`, unless it is the stand-in that is handed out before an SDK has started: that one may never be wired. */
export function realProvider(provider: ApiLoggerProvider): ApiLoggerProvider | undefined {
  return '_setDelegate' in provider ? undefined : provider;
}

/**
 * The provider of the process, found when it is needed: it may be registered with `@opentelemetry/api` (1.10 and
 * later, SDK 3) or with any copy of `@opentelemetry/api-logs` (SDK 2), and a copy that asked too early never learns of it.
 */
function globalProvider(): ApiLoggerProvider {
  const api = (globalThis as Record<symbol, { logs?: ApiLoggerProvider } | undefined>)[API];
  return api?.logs ?? logs.getLoggerProvider();
}

const API = Symbol.for('opentelemetry.js.api.1');

function loggerOf(provider: ApiLoggerProvider): Logger {
  if (provider !== lastProvider || !lastLogger) {
    lastLogger = provider.getLogger(SCOPE);
    lastProvider = provider;
  }
  return lastLogger;
}
