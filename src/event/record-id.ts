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

/** The clock's last sixteen bits are said by themselves: the others change once a minute. */
const LOW = 0x10000;
let lastHigh = Number.NaN;
let highDigits = '';

function setClock(time: number): void {
  const milliseconds = Math.floor(time);
  const high = Math.floor(milliseconds / LOW);
  if (high !== lastHigh) highDigits = high.toString(16).padStart(8, '0');
  lastHigh = high;
  // With a leading one, so that zeros are not lost.
  clock = `${highDigits}-${(LOW + milliseconds - high * LOW).toString(16).slice(1)}`;
  lastTime = time;
}
