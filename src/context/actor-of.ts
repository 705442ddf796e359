import type { Actor } from './actor.ts';
import type { Work } from './work.ts';

const ANONYMOUS: Actor = Object.freeze({ id: 'anonymous', type: 'user', info: {} });
const SYSTEM: Actor = Object.freeze({ id: 'system', type: 'system', info: {} });

/** The actor of some work. Never empty: `anonymous` in a request without a user, `system` outside of a request. */
export function actorOf(work: Work | undefined): Actor {
  if (!work) return SYSTEM;
  return work.actor ?? work.findActor?.() ?? (work.requestId === undefined ? SYSTEM : ANONYMOUS);
}
