import { guard } from '../event/guard.ts';

let isAsking = false;

/** Whether a hook is being asked, so that what happens now is its own doing. */
export function isAskingHook(): boolean {
  return isAsking;
}

/**
 * Asks a hook of the application; what it throws is reported and goes no further. While one is asked, no other is: a
 * request that a hook sends would ask it again, and so on for ever.
 *
 * @returns undefined where it has no answer
 */
export function askHook<T>(name: string, ask: () => T): T | undefined {
  if (isAsking) return undefined;
  isAsking = true;
  try {
    return guard(`asking ${name}`, ask);
  } finally {
    isAsking = false;
  }
}
