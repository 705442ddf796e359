import { type Work, currentWork, runInWork } from './work.ts';

/**
 * Calls `fn` with a name for whoever it asks: what goes out meanwhile, also across `await`, by whatever client, is recorded
 * with that `service_name`, before what the option `peerNames` says. Actor and request stay the same.
 *
 * @example
 * const rates = await withPeer('rates', () => fetch('https://10.0.0.7/rates'));
 *
 * @returns what `fn` returns; a promise keeps the name until it settles
 * @throws TypeError if `name` is not a text or empty, and what `fn` throws
 */
export function withPeer<T>(name: string, fn: () => T): T {
  expectPeer(name, 'withPeer');
  return runInWork(namedWork(name, currentWork()), fn);
}

/** @throws TypeError that begins with `where` if `name` can't be that of a peer */
export function expectPeer(name: unknown, where: string): asserts name is string {
  if (typeof name === 'string' && name !== '') return;
  const got = name === '' ? 'an empty one' : name === null ? 'null' : typeof name;
  throw new TypeError(`${where}: expected the name of a service as a text, got ${got}`);
}

/** The same work, in whose cell for the actor `setActor` still writes, so that all of the request knows. */
function namedWork(peer: string, work: Work | undefined): Work {
  if (!work) return { peer };
  return {
    ...work,
    peer,
    get actor() {
      return work.actor;
    },
    set actor(actor) {
      work.actor = actor;
    },
  };
}
