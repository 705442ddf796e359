import { toActor } from '../context/actor.ts';
import { guard } from '../event/guard.ts';
import type { LoginDraft } from '../event/login-event.ts';
import { claimedUser } from './claimed-user.ts';
import { define } from './define.ts';
import { errorText } from './error-text.ts';
import { mark } from './mark.ts';
import { onFileLoaded } from './module-files.ts';
import type { Method } from './original-method.ts';
import { patch } from './patch.ts';
import { changingSession } from './session-change.ts';

type Tell = (draft: LoginDraft) => void;

/** Shared by all copies of this package in a process. */
const MARK = Symbol.for('activity-audit.passport.1');

/**
 * Tells who signs in and out with Passport, 0.4 to 0.7, with any strategy. A login is a session that begins, or a
 * strategy that succeeds without one; a failure, credentials that a strategy refuses. Requests that each bring a token
 * in their `Authorization` header are no logins: the records of the requests name their users.
 */
export function watchPassport(tell: Tell): void {
  onFileLoaded('passport/lib/authenticator.js', (exports) => watchStrategies(exports as PassportClass, tell));
  onFileLoaded('passport/lib/sessionmanager.js', (exports) => watchSessions(exports as PassportClass, tell));
  onFileLoaded('passport/lib/http/request.js', (exports) => watchLogouts(exports as object, tell));
}

interface PassportClass {
  readonly prototype: object;
}

/** The request of Passport, as far as it matters. */
interface RequestShape {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly _userProperty?: string;
}

interface StrategyShape {
  readonly name?: unknown;
  success?: Method;
  fail?: Method;
  error?: Method;
  authenticate?: unknown;
}

/** Which strategy let a request in, until its session begins. */
const letInBy = new WeakMap<object, string>();

function watchStrategies({ prototype }: PassportClass, tell: Tell): void {
  if (!mark(prototype, MARK)) return;
  for (const method of ['use', 'authenticate', 'authorize']) {
    patch(prototype, method, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        guard('watching a strategy', () => {
          for (const given of args.slice(0, 2).flat()) watchStrategy(given, method === 'authorize', tell);
        });
        return Reflect.apply(original, this, args);
      };
    });
  }
}

function watchStrategy(given: unknown, isAuthorization: boolean, tell: Tell): void {
  if (typeof given !== 'object' || given === null || isAuthorization) return;
  const strategy = given as StrategyShape;
  if (typeof strategy.authenticate !== 'function' || strategy.name === 'session' || !mark(strategy, MARK)) return;
  patch(strategy, 'authenticate', (original) => {
    return function (this: StrategyShape, request: RequestShape, options: object = {}) {
      guard('watching a strategy', () => watchAttempt(this, request, options, tell));
      return Reflect.apply(original, this, arguments);
    };
  });
}

/** What the strategies said that were asked for a request so far; the last one decides. */
interface Asked {
  attempts: number;
  readonly refusals: { readonly strategy: string; readonly error: string }[];
}

const asked = new WeakMap<object, Asked>();

/** Passport gives each attempt its own `success`, `fail` and `error`, of which the strategy calls one. */
function watchAttempt(attempt: StrategyShape, request: RequestShape, options: Options, tell: Tell): void {
  // `authorize` links another account to the user who is signed in.
  if (options.assignProperty !== undefined) return;
  const strategy = typeof attempt.name === 'string' ? attempt.name : 'unknown';
  const state = asked.get(request) ?? { attempts: 0, refusals: [] };
  asked.set(request, state);
  state.attempts += 1;
  const refused = (error: string): void => {
    const claimed = claimedUser(request, attempt);
    if (claimed) state.refusals.push({ strategy, error });
  };
  const tellRefused = (): void => {
    const { refusals } = state;
    asked.delete(request);
    if (refusals.length > 0) tell(refusal(refusals, toActor(claimedUser(request, attempt)?.user)));
  };
  shadowAction(attempt, 'success', (act, [user]) => {
    asked.delete(request);
    letInBy.set(request, strategy);
    const bringsToken = request.headers?.['authorization'] !== undefined;
    if (options.session === false && !bringsToken)
      guard('recording a login', () =>
        tell({ event: 'login', success: true, user: toActor(user), extra: { strategy } }),
      );
    return act();
  });
  shadowAction(attempt, 'fail', (act, [challenge]) => {
    guard('recording a login', () => refused(reasonIn(challenge)));
    const { attempts } = state;
    const result = act();
    // Passport has asked the next strategy by now, if there is one.
    if (state.attempts === attempts) guard('recording a login', tellRefused);
    return result;
  });
  shadowAction(attempt, 'error', (act, [error]) => {
    guard('recording a login', () => refused(errorText(error)));
    guard('recording a login', tellRefused);
    return act();
  });
}

function refusal(refusals: Asked['refusals'], user: LoginDraft['user']): LoginDraft {
  const joined = (key: 'strategy' | 'error', separator: string): string =>
    refusals.map((refused) => refused[key]).join(separator);
  return {
    event: 'login_failed',
    success: false,
    user,
    error: joined('error', '; '),
    extra: { strategy: joined('strategy', ',') },
  };
}

interface Options {
  readonly session?: unknown;
  readonly assignProperty?: unknown;
}

function shadowAction(
  attempt: StrategyShape,
  name: 'success' | 'fail' | 'error',
  action: (act: () => unknown, args: readonly unknown[]) => unknown,
): void {
  const original = attempt[name];
  if (typeof original !== 'function') return;
  const shadow = function (this: unknown, ...args: unknown[]): unknown {
    return action(() => Reflect.apply(original, this, args), args);
  };
  define(attempt, name, shadow, true);
}

/** What a strategy says of a failure: `{ message }`, a challenge such as `Bearer error="invalid_token"`, a status, or nothing. */
function reasonIn(challenge: unknown): string {
  const { message } = Object(challenge) as { readonly message?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  return typeof challenge === 'string' ? challenge : 'The credentials were refused';
}

function watchSessions({ prototype }: PassportClass, tell: Tell): void {
  if (!mark(prototype, MARK)) return;
  patch(prototype, 'logIn', (original) => {
    return function (this: unknown, request: object, user: unknown, ...rest: unknown[]) {
      const ended = (error: unknown): void => {
        const strategy = letInBy.get(request);
        letInBy.delete(request);
        const extra = strategy === undefined ? {} : { strategy };
        const whose = toActor(user);
        if (error) tell({ event: 'login_failed', success: false, user: whose, error: errorText(error), extra });
        else tell({ event: 'login', success: true, user: whose, extra });
      };
      return changingSession(request, () =>
        Reflect.apply(original, this, [request, user, ...withCallback(rest, ended)]),
      );
    };
  });
}

function watchLogouts(extension: object, tell: Tell): void {
  if (!mark(extension, MARK)) return;
  for (const method of ['logout', 'logOut']) {
    patch(extension, method, (original) => {
      return function (this: RequestShape, ...args: unknown[]) {
        const { _userProperty: userProperty } = this;
        const user = guard('reading a user', () => toActor((this as Record<string, unknown>)[userProperty ?? 'user']));
        const ended = (error: unknown): void => {
          if (!user) return;
          tell({ event: 'logout', success: !error, user, error: error ? errorText(error) : undefined });
        };
        const waits = args.some((arg) => typeof arg === 'function');
        const result = changingSession(this, () => Reflect.apply(original, this, withCallback(args, ended)));
        // Before Passport 0.6, and without sessions, it is done when it returns.
        if (!waits) guard('recording a login', () => ended(undefined));
        return result;
      };
    });
  }
}

/** The arguments, whose callback is called after `ended` with its error. */
function withCallback(args: readonly unknown[], ended: (error: unknown) => void): unknown[] {
  return args.map((arg) => {
    if (typeof arg !== 'function') return arg;
    return function (this: unknown, error?: unknown) {
      guard('recording a login', () => ended(error));
      return Reflect.apply(arg as Method, this, arguments);
    };
  });
}
