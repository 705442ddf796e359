/** Filled by the global Web Crypto, which Node loads when it is first used, not when a process starts. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** A new UUIDv7 (RFC 9562, section 5.7): sorts by time, unique without coordination. */
export function recordId(time: number): string {
  if (used + 10 > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const random = pool.toString('hex', used, used + 10);
  used += 10;
  const clock = Math.floor(time).toString(16).padStart(12, '0');
  const variant = '89ab'[parseInt(random[3] as string, 16) & 3];
  return `${clock.slice(0, 8)}-${clock.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
