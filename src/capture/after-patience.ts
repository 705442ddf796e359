const PATIENCE_MS = 500;

/** The application's tests may replace the timers; this is the true one. */
const later = setTimeout;

/** Calls `fn` when a client has had time enough to send the rest of a request that was answered. */
export function afterPatience(fn: () => void): void {
  later(fn, PATIENCE_MS).unref();
}
