import { LogLibraryPlaces } from './capture/log-library-places.ts';
import { takesEvents } from './event/emit.ts';
import { createRedactor } from './event/redact.ts';
import { exportProcessors } from './export-processors.ts';
import { auditInstrumentations } from './instrumentations.ts';
import { watchLogLibraries } from './log-libraries.ts';
import type { AuditOptions } from './options.ts';
import { registerProvider } from './register-provider.ts';
import { type Signals, startSdk } from './start-sdk.ts';
import { LoggerProvider, resourceFromAttributes } from './vendor/opentelemetry.ts';

const STARTED = Symbol.for('activity-audit.started.1');

/**
 * Starts recording in this process (in a worker thread, in that thread): what captures, what writes files and console
 * lines, and a provider between them. A LoggerProvider starts in a few milliseconds, a NodeSDK in hundreds, so that
 * one is only started where a signal is asked for that needs it. Called again, it does nothing.
 *
 * @param options checked options
 * @param resource the attributes of what the records come from, `service.name` among them
 * @throws Error if the directory can't be written, or a package is missing that a signal needs
 */
export function start(options: AuditOptions, resource: Readonly<Record<string, string>>, signals?: Signals): void {
  const started = globalThis as { [STARTED]?: true };
  if (started[STARTED]) return;
  const { redaction, logs = true, callSites = true } = options;
  const redactor = createRedactor(redaction);
  const places = logs && callSites ? [new LogLibraryPlaces()] : [];
  const processors = [...places, ...exportProcessors(options, redactor)];
  const instrumentations = auditInstrumentations(options, redactor);
  if (logs) watchLogLibraries();
  if (signals) {
    startSdk(signals, instrumentations, processors);
  } else {
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ ...resource }),
      processors,
      logRecordLimits: { attributeCountLimit: Number.POSITIVE_INFINITY },
    });
    registerProvider(provider);
    takesEvents(provider);
    for (const instrumentation of instrumentations) instrumentation.setLoggerProvider(provider as never);
  }
  started[STARTED] = true;
}
