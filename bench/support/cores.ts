import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** Whether a program can be tied to a core here: there is `taskset`, and one core is left for another program. */
export const canPin: boolean = os.cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/** A command that runs on that core alone, where that can be had. */
export function pinnedTo(core: number, command: readonly [string, ...string[]]): [string, ...string[]] {
  return canPin ? ['taskset', '--cpu-list', String(core), ...command] : [...command];
}
