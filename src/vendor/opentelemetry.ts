/**
 * All that we use of OpenTelemetry's code at run time, behind one door.
 *
 * In `dist` this file holds its dependencies (`npm run bundle`): loading them file by file would cost a process start
 * some hundred milliseconds of CPU, loading one file costs a few (`bench/start.ts`). What has to be shared with other
 * copies of OpenTelemetry in the process (the active context, the global providers) is shared through the global
 * symbols of `@opentelemetry/api`, which are the same for every 1.x copy.
 */
export {
  ROOT_CONTEXT,
  type Context,
  type SpanContext,
  context,
  createContextKey,
  diag,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
export { type AnyValue, type LoggerProvider as ApiLoggerProvider, logs } from '@opentelemetry/api-logs';
export { getRPCMetadata, isTracingSuppressed, parseTraceParent } from '@opentelemetry/core';
export { resourceFromAttributes } from '@opentelemetry/resources';
export { LoggerProvider } from '@opentelemetry/sdk-logs';
