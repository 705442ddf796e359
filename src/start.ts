import { takesEvents } from './event/emit.ts';
import { type Redactor, createRedactor } from './event/redact.ts';
import { AuditLogRecordProcessor } from './export/audit-log-record-processor.ts';
import { ConsoleLogRecordExporter } from './export/console-log-record-exporter.ts';
import { FileLogRecordExporter } from './export/file-log-record-exporter.ts';
import { auditInstrumentations } from './instrumentations.ts';
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
  const { directory, fileMode, directoryMode, rotation, retention, processFields, ...most } = options;
  const { durability, whenUnavailable, maxQueueBytes, maxBlockMs, ...others } = most;
  const { console = true, redaction, ...captured } = others;
  const redactor = createRedactor(redaction);
  const files = new FileLogRecordExporter({
    directory,
    fileMode,
    directoryMode,
    rotation,
    retention,
    processFields,
    redactor,
  });
  const policies = { durability, whenUnavailable, maxQueueBytes, maxBlockMs };
  const processors = [
    new AuditLogRecordProcessor({ exporter: files, redactor, ...policies }),
    ...(console ? [consoleProcessor(redactor)] : []),
  ];
  const instrumentations = auditInstrumentations(captured, redactor);
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

/** Where nobody reads the console, nothing of the audit trail is lost. */
function consoleProcessor(redactor: Redactor): AuditLogRecordProcessor {
  return new AuditLogRecordProcessor({
    exporter: new ConsoleLogRecordExporter({ redactor }),
    redactor,
    isHealth: false,
  });
}
