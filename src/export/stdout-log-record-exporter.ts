import type { LogRecordLike } from '../event/from-log-record.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { type Format, lineWriter } from './format.ts';
import type { ExportResult, LogRecordExporter } from './log-record-exporter.ts';
import { type Stream, streamOf } from './stream.ts';
import { writeSome } from './write-some.ts';

export interface StdoutLogRecordExporterOptions {
  /** What a line looks like: `'seed'`, `'otlp'` or `'ecs'`. @default 'seed' */
  readonly format?: Format | undefined;
  /** Each line tells the host and the process that wrote it. @default false */
  readonly processFields?: boolean | undefined;
  /** Redacts what other code logged. @default createRedactor() */
  readonly redactor?: Redactor | undefined;
  /** The file descriptor to write to. @default 1 */
  readonly fd?: number | undefined;
  /** @default Date.now */
  readonly now?: (() => number) | undefined;
}

/**
 * Writes the records of all streams as JSON lines to stdout, for containers whose output is what is collected; each line
 * tells its stream. `export` hands the lines to the operating system and calls back before it returns, and fails where
 * nobody reads any more (a closed pipe) or whoever reads doesn't keep up.
 */
export class StdoutLogRecordExporter implements LogRecordExporter {
  readonly #lineOf: (record: LogRecordLike, stream: Stream) => string;
  readonly #fd: number;
  /** The last write ended in the middle of a line. */
  #isTorn = false;
  #isShutdown = false;

  /** @throws TypeError for a format that isn't there */
  constructor(options: StdoutLogRecordExporterOptions = {}) {
    const { format = 'seed', processFields = false, redactor = createRedactor(), fd = STDOUT, now } = options;
    this.#lineOf = lineWriter(format, { redactor, processFields, streamField: true }, now);
    this.#fd = fd;
  }

  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void {
    resultCallback(this.#isShutdown ? SHUT_DOWN : this.#write(records));
  }

  async forceFlush(): Promise<void> {
    // Nothing is held here.
  }

  async shutdown(): Promise<void> {
    this.#isShutdown = true;
  }

  /** Writes as many lines at a time as can't be mixed with those of another process. */
  #write(records: readonly LogRecordLike[]): ExportResult {
    let lines = '';
    let written = 0;
    for (const [at, record] of records.entries()) {
      const line = this.#lineOf(record, streamOf(record));
      if (lines !== '' && Buffer.byteLength(lines) + Buffer.byteLength(line) > MAX_ATOMIC_BYTES) {
        const failure = this.#writeLines(lines);
        if (failure) return failed(failure, records, written);
        lines = '';
        written = at;
      }
      lines += line;
    }
    const failure = lines === '' ? undefined : this.#writeLines(lines);
    return failure ? failed(failure, records, written) : { code: 0 };
  }

  #writeLines(lines: string): Failure | undefined {
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSome(this.#fd, bytes, written);
      this.#isTorn = false;
      return undefined;
    } catch (error) {
      const whole = countLines(bytes.subarray(0, written)) - (this.#isTorn && written > 0 ? 1 : 0);
      if (written > 0) this.#isTorn = bytes[written - 1] !== LINE_FEED;
      return { error: error as Error, lines: whole };
    }
  }
}

interface Failure {
  readonly error: Error;
  /** How many were written, whole. */
  readonly lines: number;
}

function failed({ error, lines }: Failure, records: readonly LogRecordLike[], written: number): ExportResult {
  return { code: 1, error, unexported: records.slice(written + lines) };
}

const SHUT_DOWN: ExportResult = { code: 1, error: new Error('StdoutLogRecordExporter: it has been shut down') };

const STDOUT = 1;

/** POSIX's PIPE_BUF on Linux: what a pipe takes at once. */
const MAX_ATOMIC_BYTES = 4096;

const LINE_FEED = 0x0a;

function countLines(bytes: Buffer): number {
  return bytes.toString('latin1').split('\n').length - 1;
}
