import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

import { CACHE } from './install.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What happens to calls of one kind: `write` is also writev and pwrite, `sync` is fsync and fdatasync. */
export interface Fault {
  readonly call: 'write' | 'open' | 'sync' | 'truncate' | 'rename';
  /** Which of the process's calls of that kind, to files of the folder; the first is 1. @default 1 */
  readonly from?: number;
  /** @default all that follow */
  readonly to?: number;
  /** The call fails so. */
  readonly error?: keyof typeof constants.errno;
  /** A write takes so many bytes, and no more. */
  readonly short?: number;
  /** So many bytes are taken of all writes of the process together, then there is ENOSPC, also in the middle of one. */
  readonly room?: number;
  /** The call takes so many milliseconds. */
  readonly sleep?: number;
}

/**
 * A disk that fails as it is told to: processes that are started with its `env` see it in place of the files of a folder.
 * Linux only, and compiled by gcc when it is first needed.
 *
 * @example
 * const disk = new FaultyDisk(t, folder);
 * disk.fail({ call: 'write', from: 3, to: 3, short: 5 }, { call: 'write', from: 4, error: 'ENOSPC' });
 * const child = spawn(process.execPath, [program], { env: { ...process.env, ...disk.env } });
 * disk.fail(); // It is in order again, also for processes that run.
 * disk.losePower(); // What was not synced is gone.
 */
export class FaultyDisk {
  /** For processes that shall see it. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #plan: string;
  readonly #synced: string;

  /** @param folder that is there, without symbolic links in its path */
  constructor(t: TestContext, folder: string) {
    const own = temporaryFolder(t);
    this.#folder = folder;
    this.#plan = path.join(own, 'plan');
    this.#synced = path.join(own, 'synced');
    this.env = {
      LD_PRELOAD: compiled(),
      FAULTY_DISK_FOLDER: `${folder}/`,
      FAULTY_DISK_PLAN: this.#plan,
      FAULTY_DISK_SYNCED: this.#synced,
    };
  }

  /** From now on, these and no other faults, until it is told otherwise. */
  fail(...faults: readonly Fault[]): void {
    writeFileSync(`${this.#plan}.new`, faults.map(lineOf).join(''));
    renameSync(`${this.#plan}.new`, this.#plan);
  }

  /**
   * Cuts the files of the folder (not those of folders in it) down to what was there when a sync of them began that has ended.
   * The names of files are taken for safe.
   */
  losePower(): void {
    const synced = this.#syncedBytes();
    for (const entry of readdirSync(this.#folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(this.#folder, entry.name);
      const { ino, size } = statSync(file);
      truncateSync(file, Math.min(size, synced.get(ino) ?? 0));
    }
  }

  /** By inode. */
  #syncedBytes(): Map<number, number> {
    if (!existsSync(this.#synced)) return new Map();
    const bytes = new Map<number, number>();
    // Of two syncs at a time, the one that began first may end last.
    for (const line of readFileSync(this.#synced, 'utf8').trimEnd().split('\n')) {
      const [inode = 0, synced = 0] = line.split(' ').map(Number);
      bytes.set(inode, Math.max(synced, bytes.get(inode) ?? 0));
    }
    return bytes;
  }
}

function lineOf({ call, from = 1, to = 0, error, ...faults }: Fault): string {
  const all = { ...faults, ...(error && { error: constants.errno[error] }) };
  return Object.entries(all)
    .map(([fault, value]) => `${call} ${from} ${to} ${fault} ${value}\n`)
    .join('');
}

const SOURCE = path.join(import.meta.dirname, 'faulty-disk.c');

/** @returns the path of the library, which is kept between runs */
function compiled(): string {
  const version = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 12);
  const library = path.join(CACHE, `faulty-disk-${version}.so`);
  if (existsSync(library)) return library;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${library}.${process.pid}`;
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', unfinished, SOURCE, '-ldl']);
  renameSync(unfinished, library);
  return library;
}
