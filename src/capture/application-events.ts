import { type Redactor, createRedactor } from '../event/redact.ts';
import { Instrumentation } from './instrumentation.ts';
import { type LoginTaker, loginTaker } from './logins.ts';
import { type Recorder, type RecorderOptions, createRecorder } from './sequelize-recorder.ts';

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

interface Taker extends Pick<Recorder, 'active' | 'record'> {
  readonly logins: LoginTaker;
}

const takers = ((globalThis as { [SLOT]?: Set<Taker> })[SLOT] ??= new Set());

/** Takes what the application tells with `audit`, unless another one does that was there before. */
export class ApplicationEventsInstrumentation extends Instrumentation<ApplicationEventsConfig> {
  #enabled = false;
  readonly #taker: Taker;

  constructor(config: ApplicationEventsConfig = {}) {
    super('activity-audit/application-events', config);
    const { redactor = createRedactor(), recordRollbacks } = config;
    const isActive = (): boolean => this.#enabled;
    this.#taker = takerOf({ redactor, recordRollbacks, isActive, provider: () => this.provider });
    this.enable();
  }

  protected override start(): void {
    this.#enabled = true;
    takers.add(this.#taker);
  }

  override disable(): void {
    this.#enabled = false;
  }
}

function takerOf(options: RecorderOptions & { readonly redactor: Redactor }): Taker {
  const { redactor, isActive, provider } = options;
  const recorder = createRecorder(options);
  return {
    get active() {
      return isActive();
    },
    record: (...told) => recorder.record(...told),
    logins: loginTaker({ redactor, isActive, provider }),
  };
}

/** What records the application's own events. Where nobody ever took them, they go to the provider of the process. */
export function applicationRecorder(): Pick<Recorder, 'active' | 'record'> {
  return applicationTaker();
}

/** What records the logins that the application tells. */
export function applicationLogins(): LoginTaker {
  return applicationTaker().logins;
}

function applicationTaker(): Taker {
  const [first] = takers;
  for (const taker of takers) if (taker.active) return taker;
  return (
    first ?? (byDefault ??= takerOf({ redactor: createRedactor(), isActive: () => true, provider: () => undefined }))
  );
}

let byDefault: Taker | undefined;
