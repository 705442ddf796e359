import { AppLogInstrumentation, type AppLogInstrumentationConfig } from './app-log-instrumentation.ts';
import { type AppRecorder, createAppRecorder } from './app-recorder.ts';
import { Takers } from './takers.ts';

const takers = new Takers<AppRecorder>('application-logs');

/** Takes what the application says by `getLogger`, unless another one does that was there before. */
export class ApplicationLogsInstrumentation extends AppLogInstrumentation {
  constructor(config: AppLogInstrumentationConfig = {}) {
    super('activity-audit/application-logs', takers, () => undefined, config);
  }
}

/**
 * What records what the application says by `getLogger`; undefined while it is disabled. Where nobody ever took it, it goes
 * to the provider of the process.
 */
export function applicationLogs(): AppRecorder | undefined {
  return takers.active() ?? (takers.isEmpty ? (byDefault ??= unconfigured()) : undefined);
}

let byDefault: AppRecorder | undefined;

function unconfigured(): AppRecorder {
  return createAppRecorder({ isActive: () => true, provider: () => undefined });
}
