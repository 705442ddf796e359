import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';

import type { LogRecordLike } from '../event/from-log-record.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { AppendFile } from './append-file.ts';
import { expectCompression } from './compress-file.ts';
import { timed, wrote } from './export-health.ts';
import type { Sync } from './group-commit.ts';
import { keptLine } from './kept-line.ts';
import { type Format, lineWriter } from './format.ts';
import { LineBuffer } from './line-buffer.ts';
import type { LineFile } from './line-file.ts';
import type { ExportResult, LogRecordExporter } from './log-record-exporter.ts';
import type { Kept } from './record-queue.ts';
import { type Retention, limitsOf } from './retention.ts';
import { RotatingFile } from './rotating-file.ts';
import type { Rotation } from './rotation.ts';
import { STREAMS, type Stream, byStream } from './stream.ts';

export interface FileLogRecordExporterOptions {
  /**
   * Where `audit.log`, `api.log` and `app.log` are; made if it isn't there. A relative one starts from the working
   * directory of the moment.
   *
   * @default 'audit_logs'
   */
  readonly directory?: string | undefined;
  /** Of files that are made. @default 0o600 */
  readonly fileMode?: number | undefined;
  /** Of directories that are made. @default 0o700 */
  readonly directoryMode?: number | undefined;
  /** The streams to write; records of the others are passed over. @default all */
  readonly streams?: readonly Stream[] | undefined;
  /** When files are closed. @default never */
  readonly rotation?: Rotation | undefined;
  /** Which closed files are kept; takes `rotation`. @default all */
  readonly retention?: Retention | undefined;
  /**
   * What a line looks like: `'seed'` has the keys of the original system, and ours; `'otlp'` is OTLP/JSON, as
   * OpenTelemetry's Collector reads it from files; `'ecs'` has the fields of the Elastic Common Schema.
   *
   * @default 'seed'
   */
  readonly format?: Format | undefined;
  /** Each line tells the host and the process that wrote it. @default false */
  readonly processFields?: boolean | undefined;
  /** Redacts what other code logged. @default createRedactor() */
  readonly redactor?: Redactor | undefined;
  /** @default Date.now */
  readonly now?: (() => number) | undefined;
}

/**
 * Writes records as JSON lines, each stream to its file. `export` hands the lines to the operating system and calls back
 * before it returns, so a record that it took outlives the process however that ends.
 */
export class FileLogRecordExporter implements LogRecordExporter {
  readonly #files: ReadonlyMap<Stream, LineFile>;
  readonly #lineOf: (record: LogRecordLike, stream: Stream) => string;
  #spareLines: LineBuffer | undefined;
  #isShutdown = false;

  /** @throws Error if the directory can't be made, the files can't be written, or the options don't fit each other or this Node.js */
  constructor(options: FileLogRecordExporterOptions = {}) {
    const { streams = STREAMS, redactor = createRedactor(), fileMode, directoryMode = 0o700, now } = options;
    const { rotation, retention, format = 'seed', processFields = false } = options;
    const directory = path.resolve(options.directory ?? 'audit_logs');
    if (rotation?.compress) expectCompression(rotation.compress);
    if (retention && !rotation)
      throw new Error('FileLogRecordExporter: retention takes rotation, by which files are closed');
    const fileAt = (stream: Stream): LineFile => {
      const file = new AppendFile({ path: path.join(directory, `${stream}.log`), fileMode, directoryMode, now });
      if (!rotation) return file;
      const limits = retention && limitsOf(retention, stream);
      return new RotatingFile(file, { folder: directory, stem: stream, rotation, limits, fileMode, now });
    };
    this.#files = new Map(streams.map((stream) => [stream, fileAt(stream)]));
    this.#lineOf = lineWriter(format, { redactor, processFields, streamField: false }, now);
    expectWritable(directory, directoryMode, [...this.#files.values()]);
  }

  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void {
    resultCallback(this.#isShutdown ? SHUT_DOWN : this.#append(records));
  }

  async forceFlush(): Promise<void> {
    // Nothing is held here.
  }

  /** @throws Error for a stream that isn't written */
  syncOf(stream: Stream): Sync {
    const file = this.#files.get(stream);
    if (!file) throw new Error(`FileLogRecordExporter: the stream ${stream} isn't written, so it can't be synced`);
    file.keepSynced();
    return file.sync;
  }

  keep(record: LogRecordLike): Kept {
    return keptLine(record, this.#lineOf);
  }

  async shutdown(): Promise<void> {
    this.#isShutdown = true;
    for (const file of this.#files.values()) file.close();
    await Promise.all([...this.#files.values()].map(async (file) => file.settled?.()));
  }

  #append(records: readonly LogRecordLike[]): ExportResult {
    let error: Error | undefined;
    const unexported: (readonly LogRecordLike[])[] = [];
    for (const [stream, ofStream] of byStream(records)) {
      const file = this.#files.get(stream);
      if (!file) continue;
      const failure = this.#appendAll(file, stream, ofStream);
      if (!failure) continue;
      error = failure.error;
      unexported.push(failure.unexported);
    }
    return error ? { code: 1, error, unexported: unexported.flat() } : { code: 0 };
  }

  /** Appends the records' lines, many at a time. */
  #appendAll(file: LineFile, stream: Stream, records: readonly LogRecordLike[]): Failure | undefined {
    const lines = this.#spareLines ?? new LineBuffer();
    // What foreign code put into a record may log while it is read.
    this.#spareLines = undefined;
    let done = 0;
    for (let next = 1; next <= records.length; next += 1) {
      lines.add(this.#lineOf(records[next - 1] as LogRecordLike, stream));
      if (lines.size < MAX_BYTES && next < records.length) continue;
      const bytes = lines.take();
      const failure = timed(stream, () => file.append(bytes));
      wrote(stream, failure?.lines ?? next - done, failure ? 0 : bytes.length);
      if (failure) return { error: failure.error, unexported: records.slice(done + failure.lines) };
      done = next;
    }
    this.#spareLines = lines;
    return undefined;
  }
}

interface Failure {
  readonly error: Error;
  readonly unexported: readonly LogRecordLike[];
}

const SHUT_DOWN: ExportResult = { code: 1, error: new Error('FileLogRecordExporter: it has been shut down') };

/** What is handed over at a time: no more than the buffer keeps memory for. */
const MAX_BYTES = 128 * 1024;

/** A misconfiguration is told at start, not with the first record. */
function expectWritable(directory: string, mode: number, files: readonly LineFile[]): void {
  try {
    mkdirSync(directory, { recursive: true, mode });
    accessSync(directory, constants.W_OK | constants.X_OK);
    for (const file of files) expectWritableIfThere(file.path);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`FileLogRecordExporter: cannot write to ${directory}: ${message}; set the option directory`, {
      cause: error,
    });
  }
}

/** One call, since another process may close the file at any time. */
function expectWritableIfThere(file: string): void {
  try {
    accessSync(file, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
