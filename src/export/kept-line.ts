import type { LogRecordLike } from '../event/from-log-record.ts';
import type { Kept } from './record-queue.ts';

/** What is left of a record that has to wait: its line, which takes a fraction of the memory. */
export class KeptLine implements LogRecordLike {
  readonly line: string;
  readonly hrTime: LogRecordLike['hrTime'];
  readonly eventName: string | undefined;
  readonly severityText: string | undefined;
  readonly resource: LogRecordLike['resource'];
  readonly attributes: LogRecordLike['attributes'] = NONE;
  readonly instrumentationScope: LogRecordLike['instrumentationScope'] = SCOPE;

  constructor({ hrTime, eventName, severityText, resource }: LogRecordLike, line: string) {
    this.line = line;
    this.hrTime = hrTime;
    this.eventName = eventName;
    this.severityText = severityText;
    this.resource = resource;
  }
}

const NONE: LogRecordLike['attributes'] = Object.freeze({});
const SCOPE: LogRecordLike['instrumentationScope'] = Object.freeze({ name: '' });

/** @param lineOf the line that the record will be written as */
export function keptLine(record: LogRecordLike, lineOf: (record: LogRecordLike) => string): Kept {
  const kept = record instanceof KeptLine ? record : new KeptLine(record, lineOf(record));
  return { record: kept, bytes: Buffer.byteLength(kept.line) };
}
