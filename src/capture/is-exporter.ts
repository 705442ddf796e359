/**
 * Whether a request is the own one of what sends telemetry, by its headers. OpenTelemetry's exporters suppress tracing
 * around it, but where no context manager is registered that can't be seen, and a record of each export would be exported
 * for ever. Sentry's SDK and dd-trace mark it in storages of their own.
 *
 * @param header gives the value of the header of a name in lower case, or what is falsy
 */
export function isExporter(header: (name: string) => unknown): boolean {
  const userAgent = header('user-agent');
  if (typeof userAgent === 'string' && USER_AGENTS.some((name) => userAgent.includes(name))) return true;
  return DATADOG_HEADERS.some((name) => Boolean(header(name)));
}

const USER_AGENTS = ['OTel-OTLP-Exporter-', 'sentry.javascript.'];

/** One of them at least is on each request of dd-trace to its agent. */
const DATADOG_HEADERS = [
  'datadog-meta-lang',
  'datadog-container-id',
  'datadog-entity-id',
  'datadog-external-env',
  'dd-client-library-language',
];
