import type { LogRecordLike } from '../event/from-log-record.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { wrote } from './export-health.ts';
import { type Format, lineWriter } from './format.ts';
import { keptLine } from './kept-line.ts';
import type { ExportResult, LogRecordExporter } from './log-record-exporter.ts';
import type { Kept } from './record-queue.ts';
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

  keep(record: LogRecordLike): Kept {
    return keptLine(record, this.#lineOf);
  }

  async shutdown(): Promise<void> {
    this.#isShutdown = true;
  }

  #write(records: readonly LogRecordLike[]): ExportResult {
    const lines = records.map((record) => this.#lineOf(record, streamOf(record)));
    const { written, error } = this.#writeAll(lines);
    for (const [at, record] of records.slice(0, written).entries())
      wrote(streamOf(record), 1, Buffer.byteLength(lines[at] ?? ''));
    return error ? { code: 1, error, unexported: records.slice(written) } : { code: 0 };
  }

  /** Writes as many lines at a time as can't be mixed with those of another process. */
  #writeAll(lines: readonly string[]): { readonly written: number; readonly error?: Error } {
    for (let from = 0; from < lines.length;) {
      const to = endOfAtomic(lines, from);
      const failure = this.#writeLines(lines.slice(from, to).join(''));
      if (failure) return { written: from + failure.lines, error: failure.error };
      from = to;
    }
    return { written: lines.length };
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

const SHUT_DOWN: ExportResult = { code: 1, error: new Error('StdoutLogRecordExporter: it has been shut down') };

const STDOUT = 1;

/** POSIX's PIPE_BUF on Linux: what a pipe takes at once. */
const MAX_ATOMIC_BYTES = 4096;

/** One line at least. */
function endOfAtomic(lines: readonly string[], from: number): number {
  let bytes = 0;
  for (let at = from; at < lines.length; at += 1) {
    bytes += Buffer.byteLength(lines[at] ?? '');
    if (bytes > MAX_ATOMIC_BYTES) return Math.max(at, from + 1);
  }
  return lines.length;
}

const LINE_FEED = 0x0a;

function countLines(bytes: Buffer): number {
  return bytes.toString('latin1').split('\n').length - 1;
}
