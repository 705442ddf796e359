import type { LogRecordLike } from '../event/from-log-record.ts';
import type { Kept } from './record-queue.ts';
import { type Stream, streamOf } from './stream.ts';

/**
 * What is left of a record that has to wait: its line, which takes a fraction of the memory. As bytes, it is outside of the
 * heap, which would grow by several times as much while many wait.
 */
export class KeptLine implements LogRecordLike {
  readonly #line: Buffer;
  readonly hrTime: LogRecordLike['hrTime'];
  readonly eventName: string | undefined;
  readonly severityText: string | undefined;
  readonly resource: LogRecordLike['resource'];
  readonly attributes: LogRecordLike['attributes'] = NONE;
  readonly instrumentationScope: LogRecordLike['instrumentationScope'] = SCOPE;

  constructor({ hrTime, eventName, severityText, resource }: LogRecordLike, line: string) {
    this.#line = Buffer.from(line);
    this.hrTime = hrTime;
    this.eventName = eventName;
    this.severityText = severityText;
    this.resource = resource;
  }

  get line(): string {
    return this.#line.toString();
  }

  get bytes(): number {
    return this.#line.length;
  }
}

const NONE: LogRecordLike['attributes'] = Object.freeze({});
const SCOPE: LogRecordLike['instrumentationScope'] = Object.freeze({ name: '' });

/** @param lineOf the line that the record will be written as */
export function keptLine(record: LogRecordLike, lineOf: (record: LogRecordLike, stream: Stream) => string): Kept {
  const kept = record instanceof KeptLine ? record : new KeptLine(record, lineOf(record, streamOf(record)));
  return { record: kept, bytes: kept.bytes };
}
