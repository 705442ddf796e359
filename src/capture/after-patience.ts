const PATIENCE_MS = 500;

/** The application's tests may replace the timers; these are the true ones. */
const [later, never] = [setTimeout, clearTimeout];

/**
 * Calls `fn` when a client has had time enough to send the rest of a request that was answered.
 *
 * @returns what gives it up, and lets go of all that `fn` holds
 */
export function afterPatience(fn: () => void): () => void {
  const timer = later(fn, PATIENCE_MS).unref();
  return () => never(timer);
}
