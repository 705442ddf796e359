import type { LogRecordLike } from '../event/from-log-record.ts';
import type { Sync } from './group-commit.ts';
import type { Kept } from './record-queue.ts';
import type { Stream } from './stream.ts';

/**
 * What OpenTelemetry's `LogRecordExporter` is in every SDK (2.x, 3.x), in our own words, so that neither SDK has to be
 * there for this package's types.
 */
export interface LogRecordExporter {
  /** Exports the records and calls back once, before or after it returns. */
  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
  /** How to sync what was exported of a stream; to be asked before the first export. Ours. */
  syncOf?(stream: Stream): Sync;
  /** What has to be kept of a record to export it later, in its place. Ours; without it, the whole record is. */
  keep?(record: LogRecordLike): Kept;
}

export interface ExportResult {
  /** 0: all records are exported; 1: some or all are not. */
  readonly code: 0 | 1;
  readonly error?: Error;
  /** Which records a failed export left out; without it, all. Ours, so that a retry repeats no record. */
  readonly unexported?: readonly LogRecordLike[];
}
