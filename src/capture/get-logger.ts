import { guard } from '../event/guard.ts';
import type { AppRecorder, SaidLevel } from './app-recorder.ts';
import { applicationLogs } from './application-logs.ts';
import { readLogCall } from './log-message.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'audit' | 'api';

/**
 * Says something, and never throws: `info('created %s', id)`, as `util.format` has it. Objects beside the message are
 * `attributes`, the first error among all is the `exception`: `error('not sent', error, { attempt: 3 })`,
 * `warn({ attempt: 2 }, 'retrying')`, `error(error)`.
 */
export type LogMethod = (message: unknown, ...args: unknown[]) => void;

/** Says what the application does; each record has the caller's place, request, trace and user. */
export interface Logger extends Readonly<Record<LogLevel, LogMethod>> {
  readonly name: string;
  /** One of the same name, each record of which has these attributes, too. */
  child(bindings: Readonly<Record<string, unknown>>): Logger;
  /** Whether a record of that level would be written. `audit` and `api` always are. */
  isEnabled(level: LogLevel): boolean;
}

const LEVELS: Readonly<Record<LogLevel, SaidLevel>> = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
  audit: 'AUDIT',
  api: 'API',
};

/** Names of records with other keys. */
const TAKEN: ReadonlySet<unknown> = new Set(['audit.model', 'audit.request', 'audit.login']);

/**
 * A logger of that name, whose records are in `app.log`, or in `audit.log` and `api.log` those of the levels `audit` and
 * `api`. A level that is off costs nothing. Its methods may be taken off it.
 *
 * @example
 * const log = getLogger('patients');
 * log.info('patient %s created', patient.id, { ward: 7 });
 *
 * @param name dots part it: the option `levels` may name `http` for `http.client`
 * @throws TypeError if the name is no text, or that of another kind of record
 */
export function getLogger(name: string): Logger {
  if (typeof name !== 'string' || name === '' || TAKEN.has(name)) {
    const got = typeof name === 'string' ? `'${name}'` : typeof name;
    throw new TypeError(`getLogger: expected the name of a logger, got ${got}`);
  }
  return loggerWith(name, []);
}

function loggerWith(name: string, bindings: readonly object[]): Logger {
  const isEnabled = (level: LogLevel): boolean =>
    guard('asking for a level', () => applicationLogs()?.isEnabled(name, LEVELS[level])) ?? false;
  const methods = Object.fromEntries(
    Object.entries(LEVELS).map(([method, level]) => {
      const say = (...args: unknown[]): void => {
        const recorder = applicationLogs();
        if (recorder?.isEnabled(name, level)) guard('logging', () => record(recorder, args));
      };
      function record(recorder: AppRecorder, args: readonly unknown[]): void {
        const place = recorder.placeAbove(say);
        const { objects, ...said } = readLogCall(args);
        recorder.record({ ...said, name, level, objects: [...bindings, ...objects], place });
      }
      return [method, say];
    }),
  ) as unknown as Record<LogLevel, LogMethod>;
  return { ...methods, name, isEnabled, child: (more) => loggerWith(name, [...bindings, more]) };
}
