import {
  closeSync,
  fchmodSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';

import { report, tell } from '../event/guard.ts';
import type { Sync } from './group-commit.ts';
import type { LineFile } from './line-file.ts';
import { closingOf } from './torn-line.ts';
import { writeSome } from './write-some.ts';

export interface AppendFileOptions {
  readonly path: string;
  /** @default 0o600 */
  readonly fileMode?: number | undefined;
  /** Of folders that have to be made. @default 0o700 */
  readonly directoryMode?: number | undefined;
  readonly now?: (() => number) | undefined;
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
  #fd: number | undefined;
  #opened: Stats | undefined;
  #checkedAt = 0;
  #isSynced = false;
  /** Something was appended since the last sync began. */
  #isDirty = false;
  /** That on which a sync is under way: it is closed after it. */
  #syncing: number | undefined;
  /** What the file ends with since an append has failed in the middle of a line. */
  #torn: Buffer | undefined;
  /** How the file ends is to be looked at: others may have written to it. */
  #isUnseen = true;
  /** Of a sync when a file was closed: the next sync tells it. */
  #syncError: Error | undefined;

  constructor({ path, fileMode = 0o600, directoryMode = 0o700, now = Date.now }: AppendFileOptions) {
    this.path = path;
    this.#fileMode = fileMode;
    this.#directoryMode = directoryMode;
    this.#now = now;
  }

  append(bytes: Buffer): AppendFailure | undefined {
    let written = 0;
    try {
      const fd = this.#current();
      this.#isDirty = true;
      written = this.#mend(fd, bytes);
      while (written < bytes.length) written += writeSome(fd, bytes, written);
      this.#torn = undefined;
      this.#isUnseen = false;
      return undefined;
    } catch (error) {
      this.close();
      const done = bytes.subarray(0, written);
      const torn = done.subarray(done.lastIndexOf(LINE_FEED) + 1);
      this.#torn = torn.length > 0 ? Buffer.from(torn) : this.#torn;
      return { error: error as Error, lines: countLines(done) };
    }
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return;
    if (this.#isSynced && this.#isDirty) this.#syncNow(fd);
    if (fd !== this.#syncing) closeQuietly(fd);
  }

  keepSynced(): void {
    this.#isSynced = true;
  }

  readonly sync: Sync = (synced) => {
    const fd = this.#fd;
    const earlier = this.#syncError;
    this.#syncError = undefined;
    // What was in a file that is closed has been synced.
    if (fd === undefined || earlier) {
      synced(earlier);
      return;
    }
    this.#syncing = fd;
    this.#isDirty = false;
    fdatasync(fd, (error) => {
      this.#syncing = undefined;
      if (fd !== this.#fd) closeQuietly(fd);
      else if (error) this.close();
      synced(error ?? undefined);
    });
  };

  /**
   * Goes on with another file, if that is at the path now. An append looks by itself, but only once a second.
   *
   * @param there what is at the path, undefined if nothing is
   */
  follow(there: Stats | undefined): void {
    if (there?.ino !== this.#opened?.ino || there?.dev !== this.#opened?.dev) this.close();
    this.#checkedAt = this.#now();
  }

  /** Whether the file ends in the middle of a line, which the next append may bring to its end. */
  get isTorn(): boolean {
    return this.#torn !== undefined;
  }

  #current(): number {
    const now = this.#now();
    if (this.#fd !== undefined && Math.abs(now - this.#checkedAt) >= CHECK_INTERVAL_MS) this.#check(now);
    return this.#fd ?? this.#open(now);
  }

  /** What is open is gone on with where nobody may see the path any more: it still takes what is written. */
  #check(now: number): void {
    this.#checkedAt = now;
    this.#isUnseen = true;
    try {
      this.follow(statSync(this.path, { throwIfNoEntry: false }));
    } catch (error) {
      report('looking for a file, which is gone on with,', error);
    }
  }

  /**
   * Brings the line to its end in which the file ends: a write that was cut short goes on where it was, and what another
   * process has left, or an earlier one, is closed off as JSON that says so.
   *
   * @returns how much of `bytes` is in the file already
   */
  #mend(fd: number, bytes: Buffer): number {
    if (!this.#isUnseen) return 0;
    const torn = tornEnd(this.path);
    if (torn && this.#torn?.equals(torn) && bytes.subarray(0, torn.length).equals(torn)) return torn.length;
    if (torn) {
      writeSync(fd, `${closingOf(torn.toString()) ?? ''}\n`);
      tell('a torn line', `${this.path} ended in the middle of a line, after ${torn.length} bytes; it was closed off`);
    }
    this.#isUnseen = false;
    this.#torn = undefined;
    return 0;
  }

  #open(now: number): number {
    mkdirSync(dirname(this.path), { recursive: true, mode: this.#directoryMode });
    const fd = openSync(this.path, 'a', this.#fileMode);
    this.#fd = fd;
    this.#opened = fstatSync(fd);
    this.#checkedAt = now;
    if (this.#isSynced && this.#opened.size === 0) syncFolder(dirname(this.path));
    this.#isUnseen = true;
    return fd;
  }

  #syncNow(fd: number): void {
    this.#isDirty = false;
    try {
      fdatasyncSync(fd);
    } catch (error) {
      this.#syncError = error as Error;
    }
  }
}

/** A file that is new is lost with the power unless its name is synced: https://man7.org/linux/man-pages/man2/fsync.2.html */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

const LINE_FEED = 0x0a;

/** How far back the beginning of a torn line is looked for. */
const MAX_TORN_BYTES = 1024 * 1024;

/**
 * What follows the last line feed of a file, which a full disk or a crash has cut short.
 *
 * @returns undefined where the file ends with a whole line, or can't be read, only written
 */
function tornEnd(path: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    if (!statSync(path).isFile()) return undefined;
    fd = openSync(path, 'r');
    return endsTorn(fd) ? afterLastLine(fd) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeQuietly(fd);
  }
}

/** Looks again while the file grows: what another process is writing is not torn. */
function endsTorn(fd: number): boolean {
  const last = Buffer.alloc(1);
  for (;;) {
    const { size, mode } = fstatSync(fd);
    if (size === 0) return false;
    readSync(fd, last, 0, 1, size - 1);
    if (last[0] === LINE_FEED) return false;
    awaitWriter(fd, mode);
    if (fstatSync(fd).size === size) return true;
  }
}

/** A large write grows the file bit by bit, and keeps it locked; so does a change of its permissions, here to what they are. */
function awaitWriter(fd: number, mode: number): void {
  try {
    fchmodSync(fd, mode & 0o7777);
  } catch {
    // Somebody else's file: it waited all the same.
  }
}

function afterLastLine(fd: number): Buffer {
  const { size } = fstatSync(fd);
  const bytes = Buffer.alloc(Math.min(size, MAX_TORN_BYTES));
  readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  return bytes.subarray(bytes.lastIndexOf(LINE_FEED) + 1);
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // What was written is written; nothing else can be done about it.
  }
}
