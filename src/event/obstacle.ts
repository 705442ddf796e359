/** What keeps the records of a stream from being written, and what is asked of work that would be recorded there. */
export interface Obstacle {
  /** In the words of the operating system: `ENOSPC: no space left on device, write`. */
  readonly reason: string;
  /**
   * Resolves when the work may go on, as the obstacle is gone or it has waited long enough; doesn't reject. Undefined
   * where the work must not be done: a change is rejected with `AuditUnavailableError`, a request is answered with 503.
   */
  readonly passed?: (() => Promise<void>) | undefined;
}

/** @returns undefined while nothing is in the way */
export type Gate = (stream: 'audit' | 'api' | 'app') => Obstacle | undefined;

const SLOT = Symbol.for('activity-audit.gates.1');

/** Those of all copies of this package, while there is something in the way of one. */
const gates = ((globalThis as { [SLOT]?: Set<Gate> })[SLOT] ??= new Set());

/** Asks `gate` before each operation, from now on until it is opened; returns how to open it. */
export function closeGate(gate: Gate): () => void {
  gates.add(gate);
  return () => void gates.delete(gate);
}

/**
 * To be asked before an operation whose record would be of that stream.
 *
 * @returns that which is most in the way; undefined if the work may be done, which is what is usual
 */
export function obstacleTo(stream: 'audit' | 'api' | 'app'): Obstacle | undefined {
  if (gates.size === 0) return undefined;
  const obstacles = [...gates].flatMap((gate) => gate(stream) ?? []);
  return obstacles.find(({ passed }) => !passed) ?? obstacles[0];
}
