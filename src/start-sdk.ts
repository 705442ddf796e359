import { createRequire } from 'node:module';
import path from 'node:path';

import type { AuditLogRecordProcessor } from './export/audit-log-record-processor.ts';
import type { AuditInstrumentation } from './instrumentations.ts';

export type Signal = 'traces' | 'metrics' | 'logs';

/** What the standard variables ask to be sent out of the process. */
export interface Signals {
  readonly traces: boolean;
  readonly metrics: boolean;
  /** How log records are sent, if they are. */
  readonly logs: 'http/protobuf' | 'http/json' | 'grpc' | undefined;
  readonly logBatches: LogBatches;
}

/** How log records wait to be sent; what is not said is as OpenTelemetry's BatchLogRecordProcessor has it. */
export interface LogBatches {
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  readonly scheduledDelayMillis?: number;
  readonly exportTimeoutMillis?: number;
}

const LOG_EXPORTERS = {
  'http/protobuf': '@opentelemetry/exporter-logs-otlp-proto',
  'http/json': '@opentelemetry/exporter-logs-otlp-http',
  grpc: '@opentelemetry/exporter-logs-otlp-grpc',
} as const;

/**
 * Starts the NodeSDK that the application has installed (2.x or 3.x) with our parts, and with OpenTelemetry's own
 * instrumentations for HTTP and Express, so that our records carry the ids of real spans. The SDK reads `OTEL_*` itself.
 *
 * @throws Error that says what to install, if a package is missing
 */
export function startSdk(
  signals: Signals,
  instrumentations: readonly AuditInstrumentation[],
  processors: readonly Processor[],
): void {
  const require = fromApplication('@opentelemetry/sdk-node');
  const { NodeSDK } = require('@opentelemetry/sdk-node') as SdkNode;
  // Its dependencies are not the application's, so its own `require` finds them.
  const fromSdk = createRequire(require.resolve('@opentelemetry/sdk-node'));
  const { envDetector, processDetector } = fromSdk('@opentelemetry/resources') as Resources;
  const sdk = new NodeSDK({
    instrumentations: [
      ...instrumentations,
      new (load('@opentelemetry/instrumentation-http', 'HttpInstrumentation'))(),
      new (load('@opentelemetry/instrumentation-express', 'ExpressInstrumentation'))(),
    ],
    logRecordProcessors: [...processors.map(keptOpen), ...otlpProcessors(signals, fromSdk)],
    // Detectors that answer at once: a record is written before a host's id has been looked up.
    resourceDetectors: [envDetector, processDetector],
    ...(signals.traces ? {} : { spanProcessors: [] }),
    ...(signals.metrics ? {} : { metricReaders: [] }),
  });
  sdk.start();
  // An ES module that imports them passes by the hook of instrumentation-http, unless they were required before.
  require('node:http');
  require('node:https');
  process.once('beforeExit', () => void sdk.shutdown().catch(() => undefined));
}

type Constructor = new (options?: object) => object;

interface SdkNode {
  readonly NodeSDK: new (options: object) => { start(): void; shutdown(): Promise<void> };
}

interface Resources {
  readonly envDetector: object;
  readonly processDetector: object;
}

type Processor = Pick<AuditLogRecordProcessor, 'onEmit' | 'forceFlush'>;

/** The SDK is shut down when the process runs out of work; our processors go on, since that isn't always the end. */
function keptOpen(processor: Processor): object {
  return {
    onEmit: processor.onEmit.bind(processor),
    forceFlush: processor.forceFlush.bind(processor),
    shutdown: processor.forceFlush.bind(processor),
  };
}

/** Send records as `OTEL_EXPORTER_OTLP_*` say. */
function otlpProcessors({ logs, logBatches }: Signals, fromSdk: NodeJS.Require): object[] {
  if (!logs) return [];
  const { BatchLogRecordProcessor } = fromSdk('@opentelemetry/sdk-logs') as { BatchLogRecordProcessor: Constructor };
  const { OTLPLogExporter } = fromSdk(LOG_EXPORTERS[logs]) as { OTLPLogExporter: Constructor };
  return [new BatchLogRecordProcessor({ ...logBatches, exporter: new OTLPLogExporter() })];
}

function load(name: string, exported: string): Constructor {
  return (fromApplication(name)(name) as Record<string, Constructor>)[exported] as Constructor;
}

/** A `require` that finds an optional peer, beside us or where the application was started. */
function fromApplication(name: string): NodeJS.Require {
  const places = [import.meta.url, path.join(process.cwd(), 'index.js')].map((place) => createRequire(place));
  for (const require of places) {
    try {
      require.resolve(name);
      return require;
    } catch {
      continue;
    }
  }
  throw new Error(
    `activity-audit: OTEL_* variables ask for traces, metrics or OTLP, which needs ${name}: install it with ` +
      '`npm install @opentelemetry/sdk-node @opentelemetry/instrumentation-http @opentelemetry/instrumentation-express`, ' +
      'or set OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER and OTEL_LOGS_EXPORTER to none',
  );
}
