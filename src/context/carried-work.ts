import { actorOf } from './actor-of.ts';
import { type Actor, type ActorLike, toActor } from './actor.ts';
import { isSaneId } from './sane-id.ts';
import { type Work, currentWork, runInWork } from './work.ts';

/** Who asked for something, and in which request, as JSON that a job can carry to another process. */
export interface CarriedWork {
  readonly actor: Actor;
  /** Absent outside of a request. */
  readonly requestId?: string;
}

interface GivenWork {
  readonly actor?: ActorLike | undefined;
  readonly requestId?: string | undefined;
}

/**
 * What is to be known of the work in hand where it is gone on with: put it beside the data of a job.
 *
 * @example
 * await queue.add('export', { reportId, work: carriedWork() });
 */
export function carriedWork(): CarriedWork {
  const work = currentWork();
  const actor = actorOf(work);
  return work?.requestId === undefined ? { actor } : { actor, requestId: work.requestId };
}

/**
 * Calls `fn` as a part of the work that a job has carried here: its records have the same actor and request id, and
 * nothing of the work that the job was found in. What was carried by nobody, or can't be read, counts as nothing: a job may
 * be older than this version of the application.
 *
 * @example
 * new Worker('reports', (job) => withWork(job.data.work, () => exportReport(job.data.reportId)), { connection });
 *
 * @param work what `carriedWork` gave, also after JSON; or an actor of your own, and a request id of at most 128 letters,
 *   digits and `_.:@/+=~-`
 * @returns what `fn` returns; a promise keeps the work until it settles
 * @throws what `fn` throws
 */
export function withWork<T>(work: GivenWork | null | undefined, fn: () => T): T {
  const known = work && workOf(work);
  return known ? runInWork(known, fn) : fn();
}

function workOf({ actor, requestId }: { [key in keyof GivenWork]: unknown }): Work | undefined {
  const carried = toActor(actor);
  if (!isSaneId(requestId)) return carried && { actor: carried };
  return { requestId, ...(carried && { actor: carried }) };
}
