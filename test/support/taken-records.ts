import type { LogRecordProcessor, LoggerProvider, ReadableLogRecord } from '@opentelemetry/sdk-logs';

import { createRedactor } from '../../src/event/redact.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import type { LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import type { Sdk } from './sdks.ts';

/** A provider of an SDK, of the service `review_board`, and the records that its exporter has been given. */
export interface Taken {
  readonly provider: LoggerProvider;
  readonly records: ReadableLogRecord[];
}

/** With our processor: events are attached to records. */
export function takenByOurs(sdk: Sdk): Taken {
  const records: ReadableLogRecord[] = [];
  const exporter: LogRecordExporter = {
    export(batch, done) {
      records.push(...(batch as unknown as ReadableLogRecord[]));
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const processor = new AuditLogRecordProcessor({
    exporter,
    durability: 'os',
    redactor: createRedactor(),
  });
  return { records, provider: providerOf(sdk, processor) };
}

/** Without anything of ours: an exporter has the attributes alone. */
export function takenByOthers(sdk: Sdk): Taken {
  const records: ReadableLogRecord[] = [];
  return {
    records,
    provider: providerOf(sdk, {
      onEmit: (record: ReadableLogRecord) => void records.push(record),
      forceFlush: async () => {},
      shutdown: async () => {},
    }),
  };
}

/** A provider of the service `review_board`. */
export function providerOf(
  { logs, resources }: Sdk,
  processor: LogRecordProcessor | AuditLogRecordProcessor,
): LoggerProvider {
  return new logs.LoggerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': 'review_board' }),
    processors: [processor],
  });
}
