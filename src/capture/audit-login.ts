import { type ActorLike, toActor } from '../context/actor.ts';
import { guard } from '../event/guard.ts';
import { applicationLogins } from './application-events.ts';
import { errorText } from './error-text.ts';
import { type KeyRules, expectKeys } from './expect-keys.ts';

/** A login, a logout, or another event of a user's account, as only the application can tell. */
export interface ApplicationLogin {
  /** `login`, `logout`, `login_failed`, `password_change`: letters, digits, `_`, `-` and `.`, at most 64. */
  readonly event: string;
  /** @default false with an `error`, else true */
  readonly success?: boolean | undefined;
  /** Why it failed. */
  readonly error?: unknown;
  /** Whose account it is; of a login that failed, whose somebody says it is. @default who is acting */
  readonly user?: ActorLike | null | undefined;
  /** Anything else worth knowing, of any values. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Records an event of a user's account, with the request that is being served, the address and the user agent of who
 * asks, redacted as all else. It is written at once. Nothing is thrown for what becomes of the record.
 *
 * @example
 * auditLogin({ event: 'login', user });
 * auditLogin({ event: 'login_failed', user: form.email, error: 'wrong password' });
 *
 * @throws TypeError if the event isn't one: an unknown key, an event that is no name, a user without an id
 */
export function auditLogin(login: ApplicationLogin): void {
  expectKeys('auditLogin', login, RULES);
  const { event, user, error, extra } = login;
  const failed = error !== undefined && error !== null;
  applicationLogins().tell({
    event,
    success: login.success ?? !failed,
    user: user === undefined || user === null ? undefined : guard('reading a user', () => toActor(user)),
    error: failed ? errorText(error) : undefined,
    extra,
  });
}

const NAME = /^[\w.-]{1,64}$/;

const RULES: KeyRules<ApplicationLogin> = {
  event: [
    'a name of at most 64 letters, digits, "_", "-" and "."',
    (value) => typeof value === 'string' && NAME.test(value),
  ],
  success: ['true or false', (value) => value === undefined || typeof value === 'boolean'],
  error: ['anything', () => true],
  user: [
    'an id or an object that has one',
    (value) => value === undefined || value === null || toActor(value) !== undefined,
  ],
  extra: [
    'an object',
    (value) => value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value)),
  ],
};
