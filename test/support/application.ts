import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';

import { nodeBinary } from './install.ts';
import { type Ended, readRecords, runProcess } from './run.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** An application of a few files, in a folder of its own, which finds the built package and those that we develop with. */
export class Application {
  readonly folder: string;

  /** @param project a folder with packages that it finds instead of ours */
  constructor(t: TestContext, files: Readonly<Record<string, string>>, project?: string) {
    this.folder = realpathSync(temporaryFolder(t));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    const modules = path.join(this.folder, 'node_modules');
    mkdirSync(modules, { recursive: true });
    symlinkSync(path.resolve('.'), path.join(modules, 'activity-audit'));
    const packages = path.join(project ?? '.', 'node_modules');
    for (const name of project ? readdirSync(packages) : ['@opentelemetry', 'pino', 'tsx', 'winston']) {
      if (!name.startsWith('.')) symlinkSync(path.resolve(packages, name), path.join(modules, name));
    }
  }

  write(name: string, text: string): void {
    writeFileSync(path.join(this.folder, name), text);
  }

  /** Runs a file of it with `register`. */
  async run(version: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.runWithout(version, ['--import', 'activity-audit/register', ...args], env);
  }

  async runWithout(version: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return runProcess(await nodeBinary(version), args, { cwd: this.folder, env });
  }

  records(stream: 'audit' | 'api' | 'app' = 'app'): Record<string, unknown>[] {
    return readRecords(path.join(this.folder, 'audit_logs'), stream);
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }
}

/** The versions on which what a process says is told apart: the oldest and the one that we develop with. */
export const SAYING_VERSIONS = ['20.20.2', '24.21.0'] as const;
