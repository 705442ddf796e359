import type { Stats } from 'node:fs';

import { report } from '../event/guard.ts';
import type { AppendFailure, AppendFile } from './append-file.ts';
import { ClosedFiles, STILL_MS, TIDYING } from './closed-files.ts';
import type { Sync } from './group-commit.ts';
import type { LineFile } from './line-file.ts';
import type { RetentionLimits } from './retention.ts';
import { type CurrentFile, type Rotation, inOrder, isDue, nextClosedName, readClosedName } from './rotation.ts';

export interface RotatingFileOptions {
  /** Where the file is. */
  readonly folder: string;
  /** Of its name, and of those of closed ones: `audit` of `audit.log`. */
  readonly stem: string;
  readonly rotation: Rotation;
  /** Without them, closed files are kept for ever. */
  readonly limits?: RetentionLimits | undefined;
  readonly fileMode?: number | undefined;
  readonly now?: (() => number) | undefined;
}

/** How often the path is looked at: it costs as much as a small append. */
const LOOK_MS = 10;

/** How long it takes at most to close a file: a claim that is older is that of a process that was killed. */
const CLAIM_MS = 1000;

/** How long a file that couldn't be closed is gone on with. */
const RETRY_MS = 10_000;

/**
 * Closes a file when its rotation is due, by giving it another name, so that the next append makes a new one. Several
 * processes may do so with one file: who renames it first has closed it, and the others find at the path that theirs
 * isn't there any more; until then, what they append is in the closed one. What can't be closed is gone on with, and
 * reported once.
 *
 * All is done with an append: there is no timer.
 */
export class RotatingFile implements LineFile {
  readonly path: string;
  readonly #file: AppendFile;
  readonly #rotation: Rotation;
  readonly #folder: string;
  readonly #stem: string;
  readonly #fileMode: number;
  readonly #now: () => number;
  readonly #closed: ClosedFiles;
  /** Asked for where files rotate: the others' start doesn't pay for it. */
  readonly #fs = process.getBuiltinModule('node:fs');
  #lookedAt = -Infinity;
  /** As far as is known: other processes append, too. */
  #size = 0;
  #failedAt: number | undefined;
  /** When this object closed a file. */
  #closedAt: number | undefined;
  /** Since when there is something to tidy: in what was left by another process, from the start. */
  #untidySince: number | undefined = -Infinity;
  #tidying: Promise<void> | undefined;

  constructor(file: AppendFile, options: RotatingFileOptions) {
    const { folder, stem, rotation, limits, fileMode = 0o600, now = Date.now } = options;
    this.path = file.path;
    this.#file = file;
    this.#folder = folder;
    this.#stem = stem;
    this.#rotation = rotation;
    this.#fileMode = fileMode;
    this.#now = now;
    const { compress = 'gzip' } = rotation;
    this.#closed = new ClosedFiles({ folder, stem, compress: compress || undefined, limits });
  }

  append(bytes: Buffer): AppendFailure | undefined {
    const now = this.#now();
    this.#rotate(bytes.length, now);
    const failure = this.#file.append(bytes);
    if (hasPassed(STILL_MS, this.#untidySince, now)) this.#tidying ??= this.#tidy(now);
    return failure;
  }

  keepSynced(): void {
    this.#file.keepSynced();
  }

  get sync(): Sync {
    return this.#file.sync;
  }

  close(): void {
    this.#file.close();
  }

  async settled(): Promise<void> {
    await this.#tidying;
  }

  #rotate(bytes: number, now: number): void {
    try {
      if (!this.#file.isTorn && this.#mustLook(bytes, now)) this.#look(bytes, now);
      this.#size += bytes;
    } catch (error) {
      // Another process was faster, or somebody removed the folder.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      if (this.#failedAt === undefined) report('rotating a file, which is gone on with,', error);
      this.#failedAt = now;
    }
  }

  #mustLook(bytes: number, now: number): boolean {
    const { maxBytes = Infinity } = this.#rotation;
    return hasPassed(LOOK_MS, this.#lookedAt, now) || this.#size + bytes > maxBytes;
  }

  #look(bytes: number, now: number): void {
    const there = this.#fs.statSync(this.path, { throwIfNoEntry: false });
    this.#lookedAt = now;
    this.#size = there?.size ?? 0;
    this.#file.follow(there);
    if (!there?.isFile() || !this.#isDue(currentFile(there), bytes, now)) return;
    if (this.#failedAt !== undefined && !hasPassed(RETRY_MS, this.#failedAt, now)) return;
    if (!this.#closeFile(there, now)) return;
    this.#closedAt = now;
    this.#size = 0;
    this.#failedAt = undefined;
    this.#untidySince ??= now;
  }

  /** What is there can't be older than the last closing: the clock of a file system may be hours from that of the process. */
  #isDue(file: CurrentFile, bytes: number, now: number): boolean {
    if (!isDue(this.#rotation, file, bytes, now)) return false;
    return this.#closedAt === undefined || isDue(this.#rotation, { ...file, bornAt: this.#closedAt }, bytes, now);
  }

  /**
   * Renames the file to a name that it has to itself.
   *
   * @returns false while another process is about to do so
   */
  #closeFile(seen: Stats, now: number): boolean {
    const name = this.#claimName(seen, now);
    if (name === undefined) return false;
    try {
      if (isSame(this.#fs.statSync(this.path, { throwIfNoEntry: false }), seen)) this.#fs.renameSync(this.path, name);
      else this.#fs.unlinkSync(name);
    } catch (error) {
      this.#fs.unlinkSync(name);
      throw error;
    }
    this.#file.close();
    return true;
  }

  /**
   * Makes an empty file for the closed one to replace: a rename alone could replace what another process has closed.
   * While it is empty, and as new as if its maker lived, nobody else closes a file.
   */
  #claimName(seen: Stats, now: number): string | undefined {
    const names = this.#fs.readdirSync(this.#folder);
    const newest = names
      .flatMap((name) => readClosedName(this.#stem, name) ?? [])
      .toSorted(inOrder)
      .at(-1);
    if (newest && this.#isClaim(newest.name, now)) return undefined;
    const name = `${this.#folder}/${nextClosedName(this.#stem, currentFile(seen), names)}`;
    try {
      this.#fs.closeSync(this.#fs.openSync(name, 'wx', this.#fileMode));
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
      throw error;
    }
  }

  /** Also one that was given up meanwhile: the names have changed since they were read. */
  #isClaim(name: string, now: number): boolean {
    const there = this.#fs.lstatSync(`${this.#folder}/${name}`, { throwIfNoEntry: false });
    return !there || (there.size === 0 && Math.abs(now - there.mtimeMs) < CLAIM_MS);
  }

  async #tidy(now: number): Promise<void> {
    this.#untidySince = undefined;
    try {
      if (await this.#closed.tidy(now)) this.#untidySince ??= now;
    } catch (error) {
      report(TIDYING, error);
    } finally {
      this.#tidying = undefined;
    }
  }
}

function currentFile({ size, birthtimeMs, mtimeMs }: Stats): CurrentFile {
  // Not every file system knows when a file was made.
  return { size, bornAt: birthtimeMs > 0 ? birthtimeMs : mtimeMs };
}

function isSame(there: Stats | undefined, seen: Stats): boolean {
  return there !== undefined && there.ino === seen.ino && there.dev === seen.dev;
}

/** A clock that was set back counts as passed. */
function hasPassed(ms: number, since: number | undefined, now: number): boolean {
  return since !== undefined && (now - since >= ms || now < since);
}
