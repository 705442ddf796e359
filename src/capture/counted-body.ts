import type { Body } from '../event/body.ts';

/** What passes through a connection that isn't ours to read: it is counted, not kept. */
export function countedBody(size: number): Body {
  return { size, bytes: () => Buffer.alloc(0), complete: true, hidden: true };
}
