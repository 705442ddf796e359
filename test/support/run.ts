import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Environment variables of this process that would change what a test sees. */
const FOREIGN = /^(?:ACTIVITY_AUDIT_|OTEL_|NODE_|npm_|NO_COLOR|FORCE_COLOR)/;

/** Runs a program to its end. */
export async function runProcess(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return ended(startProcess(command, args, options));
}

/** Starts a program with a clean environment; `options.env` is added to it. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ReturnType<typeof spawn> {
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const env = { ...Object.fromEntries(inherited), ...options.env };
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, env });
}

/** Waits for the end of a process that was started. */
export async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** The exchanges that came in: a process that asks itself has those that went out recorded, too. */
export function readIncoming(directory: string): Record<string, unknown>[] {
  return readRecords(directory, 'api').filter((record) => record['request_type'] === 'internal');
}

/** The exchanges that went out. */
export function readOutgoing(directory: string): Record<string, unknown>[] {
  return readRecords(directory, 'api').filter((record) => record['request_type'] === 'external');
}

/** The records in a file of ours, none if there is no such file. */
export function readRecords(directory: string, stream: 'audit' | 'api' | 'app'): Record<string, unknown>[] {
  const file = path.join(directory, `${stream}.log`);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  if (lines.pop() !== '') throw new Error(`${file} ends in the middle of a line`);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
