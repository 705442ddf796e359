import { report } from '../event/guard.ts';
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

/** As it is reported. */
export const TIDYING = 'compressing and deleting closed files';

/** A compression that didn't write for so long was killed. */
const DEAD_MS = 60_000;

/**
 * The files that were closed. The newest stays as it is until the next one is closed, so that who reads along has that
 * long to read it to its end; the others are compressed. Files with other names are left alone, and empty ones are not
 * compressed: somebody may be about to give that name to a file.
 */
export class ClosedFiles {
  readonly #options: ClosedFilesOptions;
  readonly #fs = process.getBuiltinModule('node:fs/promises');

  constructor(options: ClosedFilesOptions) {
    this.#options = options;
  }

  /** @returns whether there is something to be done later */
  async tidy(now: number): Promise<boolean> {
    const names = (await this.#fs.readdir(this.#options.folder).catch(reportUnlessGone)) ?? [];
    const isCompressing = await this.#removeDead(names, now);
    const files = await this.#filesIn(names);
    const still = files.filter((file) => isOlder(file.writtenAt, STILL_MS, now));
    await this.#removeExpired(still, now);
    const newest = files.find(isPlain);
    await this.#compress(still.filter((file) => isPlain(file) && file.size > 0 && file !== newest));
    return isCompressing || still.length < files.length;
  }

  /** Newest first. */
  async #filesIn(names: readonly string[]): Promise<WrittenFile[]> {
    const { folder, stem } = this.#options;
    const closed = names.flatMap((name) => readClosedName(stem, name) ?? []).toSorted((a, b) => inOrder(b, a));
    const files = await Promise.all(
      closed.map(async (file) => {
        const stats = await this.#fs.stat(`${folder}/${file.name}`).catch(reportUnlessGone);
        return stats?.isFile() ? Object.assign(file, { size: stats.size, writtenAt: stats.mtimeMs }) : undefined;
      }),
    );
    return files.filter((file) => file !== undefined);
  }

  async #removeExpired(files: readonly WrittenFile[], now: number): Promise<void> {
    const { folder, limits } = this.#options;
    const expired = limits ? expiredOf(files, limits, now) : [];
    await Promise.all(expired.map(async ({ name }) => this.#remove(`${folder}/${name}`)));
  }

  /** The oldest first, and one at a time: the application needs the threads of the pool, too. */
  async #compress(files: readonly WrittenFile[]): Promise<void> {
    const { folder, compress } = this.#options;
    if (!compress) return;
    for (const { name } of files.toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- see above
      await compressFile(`${folder}/${name}`, compress).catch(reportUnlessGone);
    }
  }

  /** Removes what killed compressions left. @returns whether there is one that may be alive */
  async #removeDead(names: readonly string[], now: number): Promise<boolean> {
    const { folder, stem } = this.#options;
    const parts = names.filter((name) => name.endsWith(PART) && readClosedName(stem, name.slice(0, -PART.length)));
    const alive = await Promise.all(
      parts.map(async (name) => {
        const stats = await this.#fs.stat(`${folder}/${name}`).catch(reportUnlessGone);
        if (stats && !isOlder(stats.mtimeMs, DEAD_MS, now)) return true;
        await this.#remove(`${folder}/${name}`);
        return false;
      }),
    );
    return alive.includes(true);
  }

  async #remove(file: string): Promise<void> {
    await this.#fs.unlink(file).catch(reportUnlessGone);
  }
}

interface WrittenFile extends ClosedFile {
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

function isPlain(file: ClosedFile): boolean {
  return file.name === file.plain;
}

/** A time to come is as good as one long ago: the clock was set back. */
function isOlder(time: number, ms: number, now: number): boolean {
  return Math.abs(now - time) >= ms;
}

/** Another process tidies, too, and an operator. What can't be done to one file is done to the others. */
function reportUnlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') report(TIDYING, error);
}
