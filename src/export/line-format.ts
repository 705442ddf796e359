import type { LogRecordLike } from '../event/from-log-record.ts';
import type { Redactor } from '../event/redact.ts';
import type { Stream } from './stream.ts';

/** One way to say records as lines: JSON each, and a line feed. */
export interface LineFormat {
  /** @throws what reading the record throws */
  readonly line: (record: LogRecordLike, stream: Stream) => string;
  /**
   * In place of a record that can't be read.
   *
   * @param now milliseconds since 1970
   */
  readonly unreadable: (stream: Stream, now: number) => string;
}

/** What all formats can do. */
export interface LineOptions {
  /** Redacts what other code logged. */
  readonly redactor: Redactor;
  /** Each line tells the host and the process that wrote it. */
  readonly processFields: boolean;
  /** Each line tells its stream. */
  readonly streamField: boolean;
}

export const UNREADABLE_RECORD = 'Unreadable record';
