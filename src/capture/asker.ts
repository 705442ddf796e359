import { type Origin, currentOrigin } from '../context/origin.ts';
import { type Work, currentWork, runInWork } from '../context/work.ts';

/** Who asks for a request, and in which work: of one that is created later, it is not what is in hand then. */
export interface Asker {
  readonly origin: Origin;
  readonly work: Work | undefined;
}

let inHand: Asker | undefined;

/** Who asks for what is to be created later. */
export function currentAsker(): Asker {
  return inHand ?? { origin: currentOrigin(), work: currentWork() };
}

/** Who has asked for what is created now, if that is somebody else than is at work. */
export function askerInHand(): Asker | undefined {
  return inHand;
}

/** Calls `fn`, which creates before it returns what `asker` has asked for, in the work of that. */
export function runForAsker<T>(asker: Asker, fn: () => T): T {
  const before = inHand;
  inHand = asker;
  try {
    return runInWork(asker.work, fn);
  } finally {
    inHand = before;
  }
}
