import type { Actor } from '../context/actor.ts';
import type { JsonObject } from './event.ts';
import type { Redactor } from './redact.ts';

/** Its name among the `attributes` of a record. A record that has an `extra` shows it there, as `on_behalf_of`. */
export const ON_BEHALF_OF = 'audit.actor.on_behalf_of';

/** Whom an actor acts for, as records show it. */
export function onBehalfOf({ id, type, info }: Actor, redactor: Redactor): JsonObject {
  const shown = redactor.object(info, 'user_info');
  return { id, type, user_info: Object.keys(shown).length > 0 ? shown : undefined };
}
