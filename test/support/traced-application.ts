import assert from 'node:assert/strict';
import { copyFile, readdir } from 'node:fs/promises';
import path from 'node:path';

import { type Collector, collect } from './collector.ts';
import { installed, nodeBinary } from './install.ts';
import { packed } from './package.ts';
import { readRecords, runProcess } from './run.ts';

const FIXTURES = 'test/fixtures/tracing';

/** What the application printed, and what its tracer sent. */
export interface Traced {
  readonly told: unknown;
  /** As the tracer's module gives them. */
  readonly spans: readonly unknown[];
  /** Those of the application's servers. */
  readonly ports: readonly string[];
  readonly collector: Collector;
}

export interface RequestRecord {
  readonly record_id: string;
  readonly request_type: 'internal' | 'external';
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly request_repr: { readonly path?: string; readonly endpoint?: string };
  readonly response_repr: { readonly status_code?: number };
  readonly error_message: string | null;
  readonly request_size: number;
  readonly response_size: number;
}

/** A project in which the application of `test/fixtures/tracing` runs, with these packages, Express and ours. */
export async function tracedProject(dependencies: Readonly<Record<string, string>>): Promise<string> {
  const project = await installed({ ...dependencies, express: '5.3.0', 'activity-audit': await packed() });
  for (const file of await readdir(FIXTURES)) await copyFile(path.join(FIXTURES, file), path.join(project, file));
  return project;
}

interface TracedRun {
  readonly project: string;
  /** Of Node.js. */
  readonly version: string;
  readonly args: readonly string[];
  /** @param url of what takes the telemetry */
  readonly env: (url: string) => NodeJS.ProcessEnv;
}

/** Runs it to its end. */
export async function runTraced({ project, version, args, env }: TracedRun): Promise<Traced> {
  const collector = await collect();
  const ended = await runProcess(await nodeBinary(version), args, { cwd: project, env: env(collector.url) });
  collector.close();
  assert.deepEqual({ code: ended.code, stderr: ended.stderr }, { code: 0, stderr: '' });
  return { ...(JSON.parse(ended.stdout) as Omit<Traced, 'collector'>), collector };
}

export function requestRecords(directory: string): RequestRecord[] {
  return readRecords(directory, 'api') as unknown as RequestRecord[];
}
