import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

import { ApplicationEventsInstrumentation } from './capture/application-events.ts';
import { ApplicationLogsInstrumentation } from './capture/application-logs.ts';
import { ConsoleInstrumentation } from './capture/console.ts';
import { DebuglogInstrumentation } from './capture/debuglog.ts';
import { HttpClientInstrumentation } from './capture/http-client.ts';
import { HttpServerInstrumentation } from './capture/http-server.ts';
import { Http2ClientInstrumentation } from './capture/http2-client.ts';
import { LoginInstrumentation } from './capture/logins.ts';
import type { OutgoingInstrumentationConfig } from './capture/outgoing-instrumentation.ts';
import { ProcessFailuresInstrumentation } from './capture/process-failures.ts';
import { SequelizeInstrumentation } from './capture/sequelize.ts';
import { UndiciInstrumentation } from './capture/undici.ts';
import { type Redactor, createRedactor } from './event/redact.ts';
import { ExportInstrumentation } from './export-instrumentation.ts';
import { type InstrumentationOptions, checkOptions } from './options.ts';

/** OpenTelemetry's `Instrumentation`, as the `instrumentations` array of every SDK (2.x, 3.x) takes it. */
export interface AuditInstrumentation {
  readonly instrumentationName: string;
  readonly instrumentationVersion: string;
  enable(): void;
  disable(): void;
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
  /** Where the records go; without one, to the provider of the process. */
  setLoggerProvider(provider: never): void;
  setConfig(config: object): void;
  getConfig(): { enabled?: boolean };
}

/**
 * The instrumentations that record, for the `instrumentations` of an application's own SDK. Create them before
 * Sequelize is loaded.
 *
 * @example
 * new NodeSDK({
 *   instrumentations: [auditInstrumentations()],
 *   logRecordProcessors: [new AuditLogRecordProcessor({ exporter: new FileLogRecordExporter() })],
 * }).start();
 *
 * @param redactor one that is shared with the processor; by default one is made of `options.redaction`
 * @throws OptionError for an option that is unknown or has a value it doesn't take
 */
export function auditInstrumentations(
  options: InstrumentationOptions = {},
  redactor?: Redactor,
): AuditInstrumentation[] {
  const checked = checkOptions(options, 'auditInstrumentations()');
  const {
    http = true,
    outgoing = true,
    sequelize = true,
    logins = true,
    reads,
    recordRollbacks,
    beforeImages,
    models,
    logs = true,
    levels,
    callSites,
    redaction,
    ...exchanges
  } = checked;
  const shared = redactor ?? createRedactor(redaction);
  const config = { ...exchanges, redactor: shared };
  const said = { redactor: shared, levels, callSites };
  return [
    ...(http ? [new HttpServerInstrumentation(config)] : []),
    ...(http && outgoing ? outgoingInstrumentations(config) : []),
    ...(sequelize
      ? [new SequelizeInstrumentation({ redactor: shared, reads, recordRollbacks, beforeImages, models })]
      : []),
    ...(logins ? [new LoginInstrumentation({ redactor: shared })] : []),
    new ApplicationEventsInstrumentation({ redactor: shared, recordRollbacks }),
    new ApplicationLogsInstrumentation(said),
    ...(logs
      ? [new ConsoleInstrumentation(said), new ProcessFailuresInstrumentation(said), new DebuglogInstrumentation(said)]
      : []),
    new ExportInstrumentation(),
  ];
}

function outgoingInstrumentations(config: OutgoingInstrumentationConfig): AuditInstrumentation[] {
  return [
    new HttpClientInstrumentation(config),
    new Http2ClientInstrumentation(config),
    new UndiciInstrumentation(config),
  ];
}
