import type { Timestamp } from './event.ts';

let cachedSecond = Number.NaN;
let cachedText = '';

/** `YYYY-MM-DD HH:MM:SS.mmm` of milliseconds since 1970, in UTC. */
export function timestamp(time: number): Timestamp {
  const second = Math.floor(time / 1000);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    cachedSecond = second;
  }
  const milliseconds = Math.floor(time) - second * 1000;
  return `${cachedText}.${milliseconds < 10 ? '00' : milliseconds < 100 ? '0' : ''}${milliseconds}`;
}
