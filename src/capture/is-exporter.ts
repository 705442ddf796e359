import { currentWork } from '../context/work.ts';
import { withoutQuery } from './without-query.ts';

/** The value of the header of a name in lower case, or what is falsy. */
type HeaderOf = (name: string) => unknown;

/**
 * Whether a request is the own one of what sends telemetry. OpenTelemetry's exporters suppress tracing around it, but where
 * no context manager is registered that can't be seen, and a record of each export would be exported for ever. Sentry's SDK
 * and dd-trace mark it in storages of their own. All of them tell by their headers.
 *
 * While a request is served, headers may be those of its client, passed along to hide what is asked for. Then they are
 * believed only where telemetry goes, and not if that request had such headers itself.
 *
 * @param path with or without its query
 */
export function isExporter(header: HeaderOf, path: string): boolean {
  const exporter = EXPORTERS.find(({ isMarked }) => isMarked(header));
  if (!exporter) return false;
  const work = currentWork();
  if (work?.requestId === undefined) return true;
  return !work.isMarkedAsExport && exporter.paths.test(withoutQuery(path));
}

/** Whether headers are such as those that send telemetry have. */
export function isMarkedAsExport(header: HeaderOf): boolean {
  return EXPORTERS.some(({ isMarked }) => isMarked(header));
}

/** What sends telemetry, and where to. */
const EXPORTERS: readonly { readonly isMarked: (header: HeaderOf) => boolean; readonly paths: RegExp }[] = [
  {
    isMarked: (header) => isUserAgent(header, 'OTel-OTLP-Exporter-'),
    paths: /\/v1\w*\/(?:logs|metrics|profiles|traces)$|^\/opentelemetry\.proto\.collector\./,
  },
  { isMarked: (header) => isUserAgent(header, 'sentry.javascript.'), paths: /\/api\/\w+\/envelope\/$/ },
  {
    isMarked: (header) => DATADOG_HEADERS.some((name) => Boolean(header(name))),
    paths: /^\/(?:info$|(?:v0\.\d+|debugger|dogstatsd|evp_proxy|profiling|symdb|telemetry|tracer_flare)\/)/,
  },
];

function isUserAgent(header: HeaderOf, name: string): boolean {
  const userAgent = header('user-agent');
  return typeof userAgent === 'string' && userAgent.includes(name);
}

/** One of them at least is on each request of dd-trace to its agent. */
const DATADOG_HEADERS = [
  'datadog-meta-lang',
  'datadog-container-id',
  'datadog-entity-id',
  'datadog-external-env',
  'dd-client-library-language',
];
