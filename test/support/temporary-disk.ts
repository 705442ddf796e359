import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

export interface TemporaryDisk {
  readonly folder: string;
  /** Changes how it is mounted: `size=1m`, `ro`, `rw`. */
  readonly remount: (options: string) => void;
}

/** A small file system of its own, unmounted after the test; undefined, with the test skipped, where a person's machine doesn't permit mounting. */
export function temporaryDisk(t: TestContext, bytes: number): TemporaryDisk | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'activity-audit-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    rmdirSync(folder);
    if (process.env['CI']) throw error;
    t.skip('mounting a small file system is not permitted here');
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });
  return { folder, remount: (options) => void execFileSync('mount', ['-o', `remount,${options}`, folder]) };
}
