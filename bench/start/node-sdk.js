/** OpenTelemetry's NodeSDK, as bare as it starts: no instrumentation, no exporter, no network. */
import { NodeSDK } from '@opentelemetry/sdk-node';

new NodeSDK({ spanProcessors: [], metricReaders: [], logRecordProcessors: [] }).start();
