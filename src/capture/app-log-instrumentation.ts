import type { Redactor } from '../event/redact.ts';
import { type AppRecorder, createAppRecorder } from './app-recorder.ts';
import { Instrumentation } from './instrumentation.ts';
import type { LogThresholds } from './log-levels.ts';
import type { Takers } from './takers.ts';

export interface AppLogInstrumentationConfig {
  /** @default true */
  readonly enabled?: boolean;
  /** Shared with the other instrumentations. @default createRedactor() */
  readonly redactor?: Redactor | undefined;
  /** From which level on the records of which logger are written. @default { root: 'debug', console: 'trace' } */
  readonly levels?: LogThresholds | undefined;
  /** Record where something was said. @default true */
  readonly callSites?: boolean | undefined;
}

/** Records one kind of what the application says, unless another one does that was there before. */
export abstract class AppLogInstrumentation extends Instrumentation<AppLogInstrumentationConfig> {
  #enabled = false;
  readonly #recorder: AppRecorder;
  readonly #takers: Takers<AppRecorder>;
  readonly #watch: () => void;

  /** @param watch called once a process: has `takers` told of what is said, from then on */
  protected constructor(
    name: string,
    takers: Takers<AppRecorder>,
    watch: () => void,
    config: AppLogInstrumentationConfig,
  ) {
    super(name, config);
    const { redactor, levels, callSites } = config;
    this.#takers = takers;
    this.#watch = watch;
    this.#recorder = createAppRecorder({
      redactor,
      levels,
      callSites,
      isActive: () => this.#enabled,
      provider: () => this.provider,
    });
    this.enable();
  }

  protected override start(): void {
    this.#enabled = true;
    this.#takers.add(this.#recorder);
    this.#takers.watchOnce(this.#watch);
  }

  override disable(): void {
    this.#enabled = false;
  }
}
