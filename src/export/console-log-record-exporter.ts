import type { styleText } from 'node:util';

import { attachedEvent } from '../event/attached-event.ts';
import { LOG_IOSTREAM } from '../event/attributes.ts';
import type { LogRecordLike } from '../event/from-log-record.ts';
import { guard } from '../event/guard.ts';
import { logLibraryOf } from '../event/log-libraries.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { consoleLine, printable } from './console-line.ts';
import type { ExportResult, LogRecordExporter } from './log-record-exporter.ts';

/** A stream such as `process.stdout`. */
export type ConsoleStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

export interface ConsoleLogRecordExporterOptions {
  /** @default process.stdout */
  readonly stream?: ConsoleStream | undefined;
  /** Whether levels are coloured. @default only on a terminal, unless `NO_COLOR` is set */
  readonly colors?: boolean | undefined;
  /** Redacts what other code logged. @default createRedactor() */
  readonly redactor?: Redactor | undefined;
}

/**
 * Shows records to people, one line each, in the original system's format. What was printed already isn't shown
 * again, nor what goes to the logs of a library such as pino. It is a console: where nobody reads any more
 * (a closed pipe), the application runs on, and nothing is kept.
 */
export class ConsoleLogRecordExporter implements LogRecordExporter {
  readonly #given: ConsoleStream | undefined;
  readonly #colors: boolean | undefined;
  readonly #redactor: Redactor;
  #isShutdown = false;

  constructor({ stream, colors, redactor = createRedactor() }: ConsoleLogRecordExporterOptions = {}) {
    this.#given = stream;
    this.#colors = colors;
    this.#redactor = redactor;
  }

  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void {
    if (this.#isShutdown) {
      resultCallback(SHUT_DOWN);
      return;
    }
    const lines = records.map((record) => guard('showing a record', () => this.#line(record)) ?? '').join('');
    if (lines !== '') guard('writing to the console', () => write(this.#stream, lines));
    resultCallback({ code: 0 });
  }

  async forceFlush(): Promise<void> {
    // Nothing is held here.
  }

  async shutdown(): Promise<void> {
    this.#isShutdown = true;
  }

  /** Asked for with the first line: on a terminal, opening stdout leaves a listener for its size in the process. */
  get #stream(): ConsoleStream {
    return this.#given ?? process.stdout;
  }

  #line(record: LogRecordLike): string {
    if (record.attributes[LOG_IOSTREAM] !== undefined || logLibraryOf(record) !== undefined) return '';
    const event = attachedEvent(record, this.#redactor);
    return `${consoleLine(event, this.#coloured(event.level))}\n`;
  }

  #coloured(level: string): string {
    const text = printable(level);
    const style = STYLES[text];
    const stream = this.#stream;
    if (!style || !(this.#colors ?? stream.isTTY)) return text;
    const { styleText } = process.getBuiltinModule('node:util');
    return styleText(style, text, this.#colors ? { validateStream: false } : { stream });
  }
}

const SHUT_DOWN: ExportResult = { code: 1, error: new Error('ConsoleLogRecordExporter: it has been shut down') };

const STYLES: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  TRACE: 'gray',
  DEBUG: 'gray',
  INFO: 'green',
  AUDIT: 'magenta',
  API: 'cyan',
  LOGIN: 'blue',
  WARN: 'yellow',
  ERROR: 'red',
  FATAL: ['bold', 'red'],
};

/**
 * Writes as Node's own `console` does: an error of the stream, now or later, is nobody's problem, unless the
 * application listens for it.
 */
function write(stream: ConsoleStream, text: string): void {
  const hadListener = stream.listenerCount('error') > 0;
  if (!hadListener) stream.once('error', ignore);
  try {
    stream.write(text, (error) => {
      if (error && stream.listenerCount('error') === 0) stream.once('error', ignore);
    });
  } finally {
    if (!hadListener) stream.removeListener('error', ignore);
  }
}

function ignore(): void {
  // See write().
}
