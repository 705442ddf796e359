import { writeSync } from 'node:fs';

const FULL_PIPE_RETRIES = 100;
const FULL_PIPE_WAIT_MS = 1;

/** Writes what the system takes at once, and returns how much that is; a full pipe is waited for, but not for ever. */
export function writeSome(fd: number, bytes: Buffer, from: number): number {
  for (let tries = 0; tries <= FULL_PIPE_RETRIES; tries += 1) {
    if (tries > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
    const taken = writeUnlessFull(fd, bytes, from);
    if (taken > 0) return taken;
  }
  throw new Error(`EAGAIN: nothing was taken for ${FULL_PIPE_RETRIES * FULL_PIPE_WAIT_MS} ms, write`);
}

function writeUnlessFull(fd: number, bytes: Buffer, from: number): number {
  try {
    return writeSync(fd, bytes, from);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}
