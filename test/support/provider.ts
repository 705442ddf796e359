import { resourceFromAttributes } from '@opentelemetry/resources';
import { type LogRecordProcessor, LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';

import { createRedactor } from '../../src/event/redact.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import type { LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import type { Durability, PerStream } from '../../src/export/policy.ts';

/** The real SDK, of the service `review_board`, with our processor before the exporter. */
export function providerWith(exporter: LogRecordExporter, durability?: PerStream<Durability>): LoggerProvider {
  return provider(new AuditLogRecordProcessor({ exporter, durability, redactor: createRedactor() }));
}

/** The real SDK without anything of ours, and the records that it makes. */
export function plainProvider(): { provider: LoggerProvider; records: ReadableLogRecord[] } {
  const records: ReadableLogRecord[] = [];
  return {
    records,
    provider: provider({
      onEmit: (record) => void records.push(record),
      forceFlush: async () => {},
      shutdown: async () => {},
    }),
  };
}

function provider(processor: LogRecordProcessor): LoggerProvider {
  return new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'review_board' }),
    processors: [processor],
  });
}
