import { createRequire } from 'node:module';

const require = createRequire(process.env.PEERS);
const { NodeSDK, tracing } = require('@opentelemetry/sdk-node');

/** Takes every span, and drops it: neither serialization nor network is in what is measured. */
const NOWHERE = {
  export: (_spans, done) => done({ code: 0 }),
  forceFlush: async () => {},
  shutdown: async () => {},
};

/**
 * Starts OpenTelemetry's NodeSDK for traces alone: every request is sampled, and its spans are batched as they are for
 * any exporter.
 */
export function traceToNowhere(instrumentations) {
  new NodeSDK({
    instrumentations,
    spanProcessors: [new tracing.BatchSpanProcessor(NOWHERE)],
    metricReaders: [],
    logRecordProcessors: [],
  }).start();
}
