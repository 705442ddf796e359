import { report } from './event/guard.ts';
import { OptionError } from './options.ts';
import type { LogBatches, Signal, Signals } from './start-sdk.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The name that OpenTelemetry gives a service that has none. */
const UNKNOWN_SERVICE = 'unknown_service:node';

/**
 * The resource that `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` describe.
 *
 * @throws OptionError if the attributes aren't `key=value,key=value` with percent-encoded values
 */
export function resourceFrom(env: Environment): Record<string, string> {
  const name = env['OTEL_SERVICE_NAME'];
  return {
    'service.name': UNKNOWN_SERVICE,
    ...attributesFrom(env['OTEL_RESOURCE_ATTRIBUTES'] ?? ''),
    ...(name && { 'service.name': name }),
  };
}

/** Whether `OTEL_SDK_DISABLED` switches everything off. */
export function isDisabled(env: Environment): boolean {
  return env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
}

/**
 * The signals that are asked for: by an exporter that isn't `none`, or by an OTLP endpoint; undefined if there are none.
 *
 * @throws OptionError for a log exporter or an OTLP protocol that doesn't exist
 */
export function signalsFrom(env: Environment): Signals | undefined {
  const traces = isAskedFor('traces', env);
  const metrics = isAskedFor('metrics', env);
  const logs = isAskedFor('logs', env) ? logsProtocol(env) : undefined;
  return traces || metrics || logs ? { traces, metrics, logs, logBatches: logBatchesFrom(env) } : undefined;
}

/**
 * What `OTEL_BLRP_*` say. A value that is none is reported and left out, as OpenTelemetry's specification wants it of
 * numbers; a time of 0 is no limit for an export.
 */
export function logBatchesFrom(env: Environment): LogBatches {
  const delay = numberFrom('OTEL_BLRP_SCHEDULE_DELAY', env, 0);
  const timeout = numberFrom('OTEL_BLRP_EXPORT_TIMEOUT', env, 0);
  const queue = numberFrom('OTEL_BLRP_MAX_QUEUE_SIZE', env, 1);
  const batch = numberFrom('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', env, 1);
  return {
    ...(delay !== undefined && { scheduledDelayMillis: delay }),
    ...(timeout !== undefined && { exportTimeoutMillis: timeout || LONGEST_TIMER }),
    ...(queue !== undefined && { maxQueueSize: queue }),
    ...(batch !== undefined && { maxExportBatchSize: batch }),
  };
}

/** Milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

function numberFrom(name: string, env: Environment, least: 0 | 1): number | undefined {
  const text = env[name]?.trim();
  if (!text) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  if (value >= least) return Math.min(value, LONGEST_TIMER);
  report(`reading ${name}`, `expected a whole number${least > 0 ? ' above 0' : ''}, got ${JSON.stringify(text)}`);
  return undefined;
}

function isAskedFor(signal: Signal, env: Environment): boolean {
  const name = signal.toUpperCase();
  const exporter = env[`OTEL_${name}_EXPORTER`]?.trim();
  if (exporter) return exporter !== 'none';
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env[`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`]);
}

function logsProtocol(env: Environment): Signals['logs'] {
  const exporters = (env['OTEL_LOGS_EXPORTER'] || 'otlp').split(',').map((exporter) => exporter.trim());
  const unknown = exporters.find((exporter) => !['otlp', 'console', 'none'].includes(exporter));
  if (unknown !== undefined) throw new OptionError('OTEL_LOGS_EXPORTER', 'otlp, console or none', unknown);
  if (!exporters.includes('otlp')) return undefined;
  const protocol = env['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf';
  if (protocol !== 'http/protobuf' && protocol !== 'http/json' && protocol !== 'grpc') {
    throw new OptionError('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf, http/json or grpc', protocol);
  }
  return protocol;
}

function attributesFrom(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const [key = '', value, ...rest] = pair.split('=').map((part) => part.trim());
    if (key === '' || value === undefined || rest.length > 0) throw malformed(text);
    attributes[decoded(key, text)] = decoded(value, text);
  }
  return attributes;
}

function decoded(part: string, whole: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw malformed(whole);
  }
}

function malformed(text: string): OptionError {
  return new OptionError('OTEL_RESOURCE_ATTRIBUTES', 'key=value,key=value with percent-encoded values', text);
}
