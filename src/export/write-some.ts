import { writeSync } from 'node:fs';

const FULL_PIPE_RETRIES = 100;
const FULL_PIPE_WAIT_MS = 1;

/** Writes what the system takes at once, and returns how much that is; a full pipe is waited for, but not for ever. */
export function writeSome(fd: number, bytes: Buffer, from: number): number {
  for (let tries = 0; ; tries += 1) {
    try {
      return writeSync(fd, bytes, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || tries === FULL_PIPE_RETRIES) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
}
