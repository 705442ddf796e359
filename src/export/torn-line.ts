import type { Stats } from 'node:fs';
import { closeSync, fchmodSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

/**
 * How many bytes of a line are at the end of a file, without a line feed: its last write was cut short, by a crash of the
 * machine, or when its process was killed. What another process is writing at the moment is not torn.
 *
 * @param opened what is open for writing
 * @param path where it was when it was opened
 * @returns 0 also for what can't be read, only written, and for what is no file
 */
export function tornBytes(opened: Stats, path: string): number {
  return reading(opened, path, 0, (fd) => {
    for (;;) {
      const { size, mode } = fstatSync(fd);
      const torn = size - endOfLines(fd, size);
      if (torn === 0) return 0;
      awaitWriter(fd, mode);
      if (fstatSync(fd).size === size) return torn;
    }
  });
}

/**
 * Takes the beginning of a line off the end of a file again, after a write of it failed in the middle. It stays where
 * another process has appended since: what is theirs is not touched.
 *
 * @param fd the file, open for writing
 * @param path where it was when it was opened
 */
export function cutOff(fd: number, path: string, beginning: Uint8Array): void {
  reading(fstatSync(fd), path, undefined, (found) => {
    const { size } = fstatSync(fd);
    const end = Buffer.alloc(beginning.length);
    readSync(found, end, 0, end.length, size - end.length);
    if (end.equals(beginning) && fstatSync(fd).size === size) ftruncateSync(fd, size - end.length);
  });
}

const LINE_FEED = 0x0a;
const PIECE_BYTES = 64 * 1024;

/** @returns behind the last line feed */
function endOfLines(fd: number, size: number): number {
  const piece = Buffer.alloc(Math.min(size, PIECE_BYTES));
  for (let end = size; end > 0; end -= piece.length) {
    const start = Math.max(0, end - piece.length);
    readSync(fd, piece, 0, end - start, start);
    const at = piece.subarray(0, end - start).lastIndexOf(LINE_FEED);
    if (at !== -1) return start + at + 1;
  }
  return 0;
}

/** A large write grows the file bit by bit, and keeps it locked; so does a change of its permissions, here to what they are. */
function awaitWriter(fd: number, mode: number): void {
  try {
    fchmodSync(fd, mode & 0o7777);
  } catch {
    // Somebody else's file: it waited all the same.
  }
}

/** @returns `otherwise` where another file is at the path, or none, or one that can't be read */
function reading<T>(opened: Stats, path: string, otherwise: T, read: (fd: number) => T): T {
  if (!opened.isFile()) return otherwise;
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const { ino, dev } = fstatSync(fd);
    return ino === opened.ino && dev === opened.dev ? read(fd) : otherwise;
  } catch {
    return otherwise;
  } finally {
    if (fd !== undefined) closeQuietly(fd);
  }
}

export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // What was written is written; nothing else can be done about it.
  }
}
