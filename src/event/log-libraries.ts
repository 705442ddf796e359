/** The scopes of records that OpenTelemetry makes of what log libraries are told, and the library's own name. */
const LIBRARIES: Readonly<Record<string, string>> = {
  '@opentelemetry/instrumentation-bunyan': 'bunyan',
  '@opentelemetry/instrumentation-pino': 'pino',
  '@opentelemetry/winston-transport': 'winston',
};

/** The log library that a record comes from; undefined if from none. */
export function logLibraryOf(record: { readonly instrumentationScope: { readonly name: string } }): string | undefined {
  const { name } = record.instrumentationScope;
  return Object.hasOwn(LIBRARIES, name) ? LIBRARIES[name] : undefined;
}
