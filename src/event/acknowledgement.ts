const SLOT = Symbol.for('activity-audit.acknowledgement.1');

/** What the running work has to wait for; shared by all copies of this package, as one may emit what another exports. */
const slot = ((globalThis as { [SLOT]?: Slot })[SLOT] ??= { isAwaited: false, pending: undefined });

interface Slot {
  /** Whether what runs now can wait. */
  isAwaited: boolean;
  pending: Promise<unknown> | undefined;
}

/**
 * Runs what emits records, and says when the operation that they tell of may go on: when those who export them have
 * acknowledged them all, or don't ask it to wait any longer.
 *
 * @param emitting is synchronous
 * @returns a promise that doesn't reject; undefined where there is nothing to wait for, which is what is usual
 */
export function acknowledgementOf(emitting: () => void): Promise<unknown> | undefined {
  const { isAwaited: wasAwaited, pending } = slot;
  slot.isAwaited = true;
  slot.pending = undefined;
  try {
    emitting();
    return slot.pending;
  } finally {
    slot.isAwaited = wasAwaited;
    slot.pending = pending;
  }
}

/** Whether an operation can wait for the record that is being emitted: nothing can for that of an exchange that has ended. */
export function isAwaited(): boolean {
  return slot.isAwaited;
}

/**
 * Has the operation that is being recorded wait; to be called while its record is emitted, if it `isAwaited`.
 *
 * @param acknowledged must not reject
 */
export function acknowledgeAfter(acknowledged: Promise<unknown>): void {
  slot.pending = slot.pending ? bothOf(slot.pending, acknowledged) : acknowledged;
}

async function bothOf(one: Promise<unknown>, other: Promise<unknown>): Promise<void> {
  await Promise.all([one, other]);
}
