import { errorHead, isError } from '../event/exception.ts';
import { guard } from '../event/guard.ts';
import { AppLogInstrumentation, type AppLogInstrumentationConfig } from './app-log-instrumentation.ts';
import type { AppRecorder } from './app-recorder.ts';
import { formatted } from './log-message.ts';
import { Takers } from './takers.ts';

const takers = new Takers<AppRecorder>('process-failures');

/**
 * Records uncaught exceptions and unhandled rejections, before the process ends as it would have ended; what Node.js warns
 * of, such as deprecations; and a rejection that the process lives on with, of which it warns.
 */
export class ProcessFailuresInstrumentation extends AppLogInstrumentation {
  constructor(config: AppLogInstrumentationConfig = {}) {
    super('activity-audit/process-failures', takers, watchProcess, config);
  }
}

/** Neither listener changes what becomes of the process. */
function watchProcess(): void {
  process.on('uncaughtExceptionMonitor', (error: unknown, origin) => {
    guard('recording an uncaught exception', () => recordUncaught(error, origin));
  });
  process.on('warning', (warning) => guard('recording a warning', () => recordWarning(warning)));
}

const NAME = 'process';

function recordUncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const recorder = takers.active();
  if (!recorder?.isEnabled(NAME, 'FATAL')) return;
  const what = origin === 'unhandledRejection' ? 'Unhandled rejection' : 'Uncaught exception';
  recorder.record({
    name: NAME,
    level: 'FATAL',
    message: `${what}: ${formatted([error])}`,
    error: isError(error) ? error : undefined,
    place: recorder.placeOf(error),
    printedOn: 'stderr',
  });
}

function recordWarning(warning: Error & { readonly code?: unknown; readonly detail?: unknown }): void {
  const recorder = takers.active();
  if (!recorder?.isEnabled(NAME, 'WARN')) return;
  const { code, detail } = warning;
  recorder.record({
    name: NAME,
    level: 'WARN',
    message: errorHead(warning),
    objects: code === undefined && detail === undefined ? [] : [{ code, detail }],
    place: recorder.placeOf(warning),
    printedOn: 'stderr',
  });
}
