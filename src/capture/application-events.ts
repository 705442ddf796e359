import type { Redactor } from '../event/redact.ts';
import { Instrumentation } from './instrumentation.ts';
import { type Recorder, createRecorder } from './sequelize-recorder.ts';

export interface ApplicationEventsConfig {
  /** @default true */
  readonly enabled?: boolean;
  /** Shared with the other instrumentations. @default createRedactor() */
  readonly redactor?: Redactor;
  /** Record what was rolled back, too, as failures. @default false */
  readonly recordRollbacks?: boolean | undefined;
}

/** Shared by all copies of this package in a process: `audit` is called in one, `register` is another. */
const SLOT = Symbol.for('activity-audit.application-events.1');

type Taker = Pick<Recorder, 'active' | 'record'>;

const takers = ((globalThis as { [SLOT]?: Set<Taker> })[SLOT] ??= new Set());

/** Takes what the application tells with `audit`, unless another one does that was there before. */
export class ApplicationEventsInstrumentation extends Instrumentation<ApplicationEventsConfig> {
  #enabled = false;
  readonly #recorder: Recorder;

  constructor(config: ApplicationEventsConfig = {}) {
    super('activity-audit/application-events', config);
    const { redactor, recordRollbacks } = config;
    this.#recorder = createRecorder({
      ...(redactor && { redactor }),
      recordRollbacks,
      isActive: () => this.#enabled,
      provider: () => this.provider,
    });
    this.enable();
  }

  protected override start(): void {
    this.#enabled = true;
    takers.add(this.#recorder);
  }

  override disable(): void {
    this.#enabled = false;
  }
}

/** What records the application's own events. Where nobody ever took them, they go to the provider of the process. */
export function applicationRecorder(): Taker {
  const [first] = takers;
  for (const taker of takers) if (taker.active) return taker;
  return first ?? (byDefault ??= createRecorder({ isActive: () => true, provider: () => undefined }));
}

let byDefault: Recorder | undefined;
