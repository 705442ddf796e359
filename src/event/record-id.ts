/** A new UUIDv7 (RFC 9562, section 5.7): sorts by time, unique without coordination. */
export function recordId(time: number): string {
  if (time !== lastTime) setClock(time);
  if (used === digits.length) refill();
  const random = digits.slice(used, used + DIGITS_PER_ID);
  used += DIGITS_PER_ID;
  const variant = '89ab'[parseInt(random[3] as string, 16) & 3];
  return `${clock}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

const DIGITS_PER_ID = 20;
const IDS = 400;

/** Random hexadecimal digits for many ids: asking for them costs more than all else. */
let digits = '';
let used = 0;

/** By the global Web Crypto, which Node loads when it is first used, not when a process starts. */
function refill(): void {
  digits = Buffer.from(crypto.getRandomValues(new Uint8Array((IDS * DIGITS_PER_ID) / 2))).toString('hex');
  used = 0;
}

let lastTime = Number.NaN;
let clock = '';

function setClock(time: number): void {
  const text = Math.floor(time).toString(16).padStart(12, '0');
  clock = `${text.slice(0, 8)}-${text.slice(8)}`;
  lastTime = time;
}
