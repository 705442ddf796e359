import { promises as fs } from 'node:fs';
import path from 'node:path';

import { type Compression, PART, compressFile } from './compress-file.ts';
import { type ClosedFile, type RetentionLimits, expiredOf } from './retention.ts';
import { inOrder, readClosedName } from './rotation.ts';

export interface ClosedFilesOptions {
  readonly folder: string;
  /** Of the names: `audit` of `audit-2026-11-24.0003.log`. */
  readonly stem: string;
  /** Without it, nothing is compressed. */
  readonly compress?: Compression | undefined;
  /** Without them, nothing is deleted. */
  readonly limits?: RetentionLimits | undefined;
}

/**
 * How long a file has to lie still before it is compressed or deleted: a process looks every 10 ms whether its file was
 * closed, with an append, so that it may still write to one that was closed a moment ago, but no later.
 */
export const STILL_MS = 10_000;

/** A compression that didn't write for so long was killed. */
const DEAD_MS = 60_000;

/**
 * The files that were closed. The newest stays as it is until the next one is closed, so that who reads along has that
 * long to read it to its end; the others are compressed. Files with other names are left alone.
 */
export class ClosedFiles {
  readonly #options: ClosedFilesOptions;

  constructor(options: ClosedFilesOptions) {
    this.#options = options;
  }

  /** @returns whether there is something to be done later */
  async tidy(now: number): Promise<boolean> {
    const { folder, compress, limits } = this.#options;
    const names = await fs.readdir(folder);
    const isDying = await this.#removeDead(names, now);
    const found = await this.#filesOf(names);
    const newest = found.find((file) => file.name === file.plain)?.name;
    const files = found.filter((file) => file.isStill(now));
    const expired = new Set(limits ? expiredOf(files, limits, now) : []);
    for (const file of files.toReversed()) {
      if (expired.has(file)) await remove(path.join(folder, file.name));
      else if (compress && file.name === file.plain && file.name !== newest)
        await compressFile(path.join(folder, file.name), compress).catch(unlessGone);
    }
    return isDying || files.length < found.length;
  }

  /** Newest first. */
  async #filesOf(names: readonly string[]): Promise<StillFile[]> {
    const { folder, stem } = this.#options;
    const closed = names.flatMap((name) => readClosedName(stem, name) ?? []).toSorted((a, b) => inOrder(b, a));
    const files = await Promise.all(
      closed.map(async (file) => {
        const stats = await fs.stat(path.join(folder, file.name)).catch(unlessGone);
        return stats && { ...file, size: stats.size, isStill: (now: number) => isOlder(stats.mtimeMs, STILL_MS, now) };
      }),
    );
    return files.filter((file) => file !== undefined);
  }

  /** Removes what a killed compression left. @returns whether there is one that may be alive */
  async #removeDead(names: readonly string[], now: number): Promise<boolean> {
    const { folder, stem } = this.#options;
    let isAlive = false;
    for (const name of names) {
      if (!name.endsWith(PART) || !readClosedName(stem, name.slice(0, -PART.length))) continue;
      const stats = await fs.stat(path.join(folder, name)).catch(unlessGone);
      if (stats && isOlder(stats.mtimeMs, DEAD_MS, now)) await remove(path.join(folder, name));
      else isAlive = true;
    }
    return isAlive;
  }
}

interface StillFile extends ClosedFile {
  isStill(now: number): boolean;
}

/** A time to come is as good as one long ago: the clock was set back. */
function isOlder(time: number, ms: number, now: number): boolean {
  return Math.abs(now - time) >= ms;
}

async function remove(file: string): Promise<void> {
  await fs.unlink(file).catch(unlessGone);
}

/** Another process tidies, too. */
function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
