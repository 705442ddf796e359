import { fstatSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';

import { report } from '../event/guard.ts';
import type { LineFile } from './line-file.ts';
import { closeQuietly, cutOff, tornBytes } from './torn-line.ts';

export interface AppendFileOptions {
  readonly path: string;
  /** @default 0o600 */
  readonly fileMode?: number | undefined;
  /** Of folders that have to be made. @default 0o700 */
  readonly directoryMode?: number | undefined;
  readonly now?: (() => number) | undefined;
  /**
   * Told of a torn line that was found at the end of the file, and closed off: its length in bytes. The line is none of
   * this object's own appends that failed, which it takes back.
   */
  readonly onTorn?: ((bytes: number) => void) | undefined;
}

/** What an append that went wrong left undone. */
export interface AppendFailure {
  readonly error: Error;
  /** How many lines are in the file, whole. */
  readonly lines: number;
}

/** How often the file is checked to be still the one at its path. */
const CHECK_INTERVAL_MS = 1000;

/**
 * A file of lines that is only ever appended to, by several processes at once if need be. It is opened when it is first
 * needed, made anew (with its folder) if somebody removed or renamed it, and reopened after each failure.
 */
export class AppendFile implements LineFile {
  readonly path: string;
  readonly #fileMode: number;
  readonly #directoryMode: number;
  readonly #now: () => number;
  readonly #onTorn: ((bytes: number) => void) | undefined;
  #fd: number | undefined;
  #opened: Stats | undefined;
  #checkedAt = 0;

  constructor({ path, fileMode = 0o600, directoryMode = 0o700, now = Date.now, onTorn }: AppendFileOptions) {
    this.path = path;
    this.#fileMode = fileMode;
    this.#directoryMode = directoryMode;
    this.#now = now;
    this.#onTorn = onTorn;
  }

  append(bytes: Buffer): AppendFailure | undefined {
    let written = 0;
    try {
      const fd = this.#current();
      while (written < bytes.length) written += writeSome(fd, bytes, written);
      return undefined;
    } catch (error) {
      const taken = bytes.subarray(0, written);
      this.#takeBack(taken.subarray(taken.lastIndexOf(LINE_FEED) + 1));
      this.close();
      return { error: error as Error, lines: countLines(taken) };
    }
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeQuietly(fd);
  }

  /**
   * Goes on with another file, if that is at the path now. An append looks by itself, but only once a second.
   *
   * @param there what is at the path, undefined if nothing is
   */
  follow(there: Stats | undefined): void {
    if (there?.ino !== this.#opened?.ino || there?.dev !== this.#opened?.dev) this.close();
    this.#checkedAt = this.#now();
  }

  /** Who reads the file finds whole lines only, and another process begins with a new one, where a disk took part of ours. */
  #takeBack(beginning: Uint8Array): void {
    if (beginning.length > 0 && this.#fd !== undefined) cutOff(this.#fd, this.path, beginning);
  }

  #current(): number {
    const now = this.#now();
    if (this.#fd !== undefined && Math.abs(now - this.#checkedAt) >= CHECK_INTERVAL_MS) this.#check(now);
    return this.#fd ?? this.#open(now);
  }

  /** What is open is gone on with where nobody may see the path any more: it still takes what is written. */
  #check(now: number): void {
    this.#checkedAt = now;
    try {
      this.follow(statSync(this.path, { throwIfNoEntry: false }));
    } catch (error) {
      report('looking for a file, which is gone on with,', error);
    }
  }

  #open(now: number): number {
    mkdirSync(dirname(this.path), { recursive: true, mode: this.#directoryMode });
    const fd = openSync(this.path, 'a', this.#fileMode);
    this.#fd = fd;
    this.#opened = fstatSync(fd);
    this.#checkedAt = now;
    this.#closeOff(fd, this.#opened);
    return fd;
  }

  /** What is torn stays, as evidence, in a line of its own: nobody knows any more what it was to be. */
  #closeOff(fd: number, opened: Stats): void {
    const torn = tornBytes(opened, this.path);
    if (torn === 0) return;
    writeSync(fd, '\n');
    this.#onTorn?.(torn);
  }
}

const FULL_PIPE_RETRIES = 100;
const FULL_PIPE_WAIT_MS = 1;

/** Writes what the system takes at once; a full pipe at the path (a FIFO) is waited for, but not for ever. */
function writeSome(fd: number, bytes: Buffer, from: number): number {
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

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

const LINE_FEED = 0x0a;
