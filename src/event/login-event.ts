import type { Actor } from '../context/actor.ts';
import type { Origin } from '../context/origin.ts';
import type { JsonObject, LoginEvent } from './event.ts';
import { onBehalfOf } from './on-behalf-of.ts';
import type { Redactor } from './redact.ts';
import { tail } from './tail.ts';
import { timestamp } from './timestamp.ts';

/** What is known of a login, a logout, or another event of a user's account: not redacted. */
export interface LoginDraft {
  /** `login`, `logout`, `login_failed`, `password_change` … */
  readonly event: string;
  readonly success: boolean;
  /** Whose account it is; of a login that failed, whose somebody says it is. */
  readonly user?: Actor | undefined;
  /** Why it failed. */
  readonly error?: string | undefined;
  readonly extra?: object | undefined;
}

/** The record of it. Who did it is who was known before, else, if it succeeded, the user. */
export function loginEvent(draft: LoginDraft, origin: Origin, redactor: Redactor): LoginEvent {
  const { event, success, user, error } = draft;
  const actor = isKnown(origin.actor) ? origin.actor : success && user ? user : nobody(origin.actor, user);
  const account = user ?? (isKnown(actor) ? actor : undefined);
  const id = account ? redactor.text(account.id) : '';
  return {
    timestamp: timestamp(origin.time),
    level: 'LOGIN',
    name: 'audit.login',
    message: id === '' ? event : `${event} for ${id}`,
    user_id: id,
    user_info: account ? redactor.object(account.info, 'user_info') : {},
    event,
    success,
    error: error === undefined ? null : redactor.text(error),
    extra: extraRepr(draft.extra, actor, redactor),
    ...tail({ ...origin, actor }, success ? 'success' : 'failure'),
  };
}

function isKnown({ id, type }: Actor): boolean {
  return type !== 'system' && id !== 'anonymous';
}

/** Whoever tried it from outside is anonymous; what the system did by itself is the system's. */
function nobody(actor: Actor, user: Actor | undefined): Actor {
  return user ? { id: 'anonymous', type: 'user', info: {} } : actor;
}

function extraRepr(extra: object = {}, actor: Actor, redactor: Redactor): JsonObject {
  const shown = redactor.object(extra, 'extra');
  return actor.onBehalfOf ? { ...shown, on_behalf_of: onBehalfOf(actor.onBehalfOf, redactor) } : shown;
}
