import { MASK } from './secrets.ts';

/** Longer than the name of any protocol, and shorter than any token. */
const MAX_NAME = 31;

const ANNOUNCES_SECRET = /bearer|token|auth|key|secret|passw|jwt|ticket/i;

/**
 * The value of a `Sec-WebSocket-Protocol`, with names of protocols shown. Browsers can send no other header with a
 * WebSocket, so applications put tokens there.
 */
export function redactSubprotocols(header: string): string {
  const names = header.split(',').map((name) => name.trim());
  const isSecret = (name: string, i: number): boolean =>
    name.length > MAX_NAME || (i > 0 && ANNOUNCES_SECRET.test(names[i - 1] as string));
  return names.map((name, i) => (isSecret(name, i) ? MASK : name)).join(', ');
}
