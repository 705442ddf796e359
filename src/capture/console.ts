import path from 'node:path';

import { isError } from '../event/exception.ts';
import { guard } from '../event/guard.ts';
import { context, isTracingSuppressed } from '../vendor/opentelemetry.ts';
import { AppLogInstrumentation, type AppLogInstrumentationConfig } from './app-log-instrumentation.ts';
import type { AppRecorder, SaidLevel } from './app-recorder.ts';
import { formatted } from './log-message.ts';
import { isLooking, whileLooking } from './looking.ts';
import type { Method } from './original-method.ts';
import { Takers } from './takers.ts';
import { wrapMethod } from './wrap-method.ts';

/** The logger's name. */
const NAME = 'console';

const takers = new Takers<AppRecorder>(NAME);

/** Records what the application prints by `console`, which goes on to print exactly what it printed. */
export class ConsoleInstrumentation extends AppLogInstrumentation {
  constructor(config: AppLogInstrumentationConfig = {}) {
    super('activity-audit/console', takers, watchConsole, config);
  }
}

/** How a method of `console` is told of. */
interface Telling {
  readonly level: SaidLevel;
  readonly printedOn: 'stdout' | 'stderr';
}

/**
 * The other methods print by one of these: `table`, `assert`, `count`, `group`, `timeEnd` and so on. `trace` does by `error`;
 * with a wrapper of its own it would print that, too.
 */
const METHODS: Readonly<Record<string, Telling>> = {
  log: { level: 'INFO', printedOn: 'stdout' },
  info: { level: 'INFO', printedOn: 'stdout' },
  debug: { level: 'DEBUG', printedOn: 'stdout' },
  dir: { level: 'INFO', printedOn: 'stdout' },
  warn: { level: 'WARN', printedOn: 'stderr' },
  error: { level: 'ERROR', printedOn: 'stderr' },
};

/** Named imports of `node:console` get the wrappers, too. */
function watchConsole(): void {
  // oxlint-disable-next-line no-console -- it is the application's
  const target: object = console;
  for (const [name, telling] of Object.entries(METHODS)) {
    wrapMethod(target, name, (original) => around(original, name, telling), true);
  }
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

/** It is a method, since those have no `prototype`, as Node's own. */
function around(original: Method, name: string, telling: Telling): Method {
  const wrapper: { readonly print: Method } = {
    print(...args) {
      if (isLooking()) return undefined;
      const result = Reflect.apply(original, this, args);
      guard('recording what is printed', () => record(wrapper.print, name, telling, args));
      return result;
    },
  };
  return wrapper.print;
}

function record(wrapper: Method, name: string, telling: Telling, args: readonly unknown[]): void {
  const trace = traceIn(args);
  const { level, printedOn } = trace ? { ...telling, level: 'TRACE' as const } : telling;
  const recorder = takers.active();
  if (!recorder?.isEnabled(NAME, level) || isWarning(args) || isTracingSuppressed(context.active())) return;
  const place = recorder.placeAbove(wrapper);
  if (place?.path.includes(TELEMETRY)) return;
  const message = trace?.message ?? whileLooking(() => (name === 'dir' ? inspected(args) : formatted(args)));
  recorder.record({ name: NAME, level, message, error: trace ?? args.find(isError), place, printedOn });
}

/** What `console.trace` prints, as the error that it says where it was called. */
function traceIn([text, ...others]: readonly unknown[]): { name: string; message: string; stack: string } | undefined {
  if (typeof text !== 'string' || others.length > 0) return undefined;
  const message = TRACE.exec(text)?.[1];
  return message === undefined ? undefined : { name: 'Trace', message, stack: text };
}

const TRACE = /^Trace(?:: )?(.*?)\n {4}at /s;

/** Node.js prints by it what it warns of, which is recorded as a warning. */
function isWarning([text]: readonly unknown[]): boolean {
  return typeof text === 'string' && text.startsWith(`(${process.release.name}:${process.pid}) `);
}

/** Where OpenTelemetry prints what it exports: its record would be exported, and printed, for ever. */
const TELEMETRY = path.join(path.sep, 'node_modules', '@opentelemetry', path.sep);

/** As `console.dir` prints it. */
function inspected([value, options]: readonly unknown[]): string {
  const { inspect } = process.getBuiltinModule('node:util');
  return inspect(value, { customInspect: false, ...(options as object | undefined), colors: false });
}
