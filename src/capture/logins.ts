import { currentOrigin } from '../context/origin.ts';
import { currentWork } from '../context/work.ts';
import { emit } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import { type LoginDraft, loginEvent } from '../event/login-event.ts';
import { type Redactor, createRedactor } from '../event/redact.ts';
import { watchExpressSession } from './express-session.ts';
import { Instrumentation } from './instrumentation.ts';
import { once } from './once.ts';
import { watchPassport } from './passport.ts';

export interface LoginInstrumentationConfig {
  /** @default true */
  readonly enabled?: boolean;
  /** Shared with the other instrumentations. @default createRedactor() */
  readonly redactor?: Redactor;
}

/** Takes logins, to record them. */
export interface LoginTaker {
  readonly active: boolean;
  /** Never throws. */
  tell(draft: LoginDraft): void;
}

/** Shared by all copies of this package in a process: a library is hooked once, whichever of them records. */
const SLOT = Symbol.for('activity-audit.logins.1');

const takers = ((globalThis as { [SLOT]?: Set<LoginTaker> })[SLOT] ??= new Set());

/** Records who signs in and out with Passport, and what becomes of the sessions of express-session. */
export class LoginInstrumentation extends Instrumentation<LoginInstrumentationConfig> {
  #isEnabled = false;
  readonly #taker: LoginTaker;

  constructor(config: LoginInstrumentationConfig = {}) {
    super('activity-audit/logins', config);
    const { redactor = createRedactor() } = config;
    this.#taker = loginTaker({ redactor, isActive: () => this.#isEnabled, provider: () => this.provider });
    this.enable();
  }

  protected override start(): void {
    this.#isEnabled = true;
    takers.add(this.#taker);
    watchLibraries();
  }

  override disable(): void {
    this.#isEnabled = false;
    takers.delete(this.#taker);
  }
}

const watchLibraries = once(() => {
  watchPassport(tellFirst);
  watchExpressSession(tellFirst);
});

function tellFirst(draft: LoginDraft): void {
  const [taker] = takers;
  taker?.tell(draft);
}

export interface LoginTakerOptions {
  readonly redactor: Redactor;
  readonly isActive: () => boolean;
  readonly provider: () => Parameters<typeof emit>[2];
}

/** One that records a login where the work in hand is: with the address and the user agent of who asks. */
export function loginTaker({ redactor, isActive, provider }: LoginTakerOptions): LoginTaker {
  return {
    get active() {
      return isActive();
    },
    tell(draft) {
      guard('recording a login', () => {
        if (!isActive()) return;
        const origin = currentOrigin();
        const { address, userAgent } = currentWork()?.findClient?.() ?? {};
        const extra = {
          ...draft.extra,
          ...(address !== undefined && { client_address: address }),
          ...(userAgent !== undefined && { user_agent: userAgent }),
        };
        emit(loginEvent({ ...draft, extra }, origin, redactor), origin, provider());
      });
    },
  };
}
