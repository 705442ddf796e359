import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/** A file system of its own, in memory, that a test can fill. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves no byte free. */
  fill(): void;
  /** Takes that back. */
  free(): void;
  /** Makes it `'64k'` or `'1m'` large, or `'ro'`, `'rw'`. */
  remount(option: string): void;
}

/** Mounts one; undefined, with the test skipped, where a person's machine doesn't permit mounting. */
export function smallDisk(t: TestContext, size = '1m'): SmallDisk | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'activity-audit-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    rmdirSync(folder);
    if (process.env['CI']) throw error;
    t.skip('mounting a small file system is not permitted here');
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  const filler = path.join(folder, 'filler');
  return {
    folder,
    fill() {
      const { bsize, bfree } = statfsSync(folder);
      try {
        writeFileSync(filler, Buffer.alloc(bsize * bfree));
      } catch (error) {
        // Another process was faster, so that it is full, too.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    free: () => rmSync(filler),
    remount: (option) =>
      void execFileSync('mount', ['-o', `remount,${/^\d/.test(option) ? `size=${option}` : option}`, folder]),
  };
}
