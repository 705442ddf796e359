import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { guard } from './event/guard.ts';
import { type ApiLoggerProvider, logs } from './vendor/opentelemetry.ts';

/**
 * Makes `provider` that of the process, for whatever logs through the Logs API: any copy of `@opentelemetry/api-logs`,
 * and `@opentelemetry/api` 1.10 and later, where the Logs API lives in SDK 3.
 */
export function registerProvider(provider: ApiLoggerProvider): void {
  logs.setGlobalLoggerProvider(provider);
  const version = guard('looking for @opentelemetry/api', sharedApiVersion);
  if (!version || !hasLogs(version)) return;
  const globals = globalThis as Record<symbol, { version: string; logs?: ApiLoggerProvider } | undefined>;
  const api = (globals[API] ??= { version });
  api.logs ??= provider;
}

/** The slot that all copies of one version of `@opentelemetry/api` share; loading the package would cost 20 ms. */
const API = Symbol.for('opentelemetry.js.api.1');

/**
 * The version of `@opentelemetry/api`, if the application and we find the same copy: the slot takes one version only,
 * and a wrong one would lock the application's own copy out.
 */
function sharedApiVersion(): string | undefined {
  const ours = apiFolder(path.dirname(fileURLToPath(import.meta.url)));
  if (ours === undefined || ours !== apiFolder(process.cwd())) return undefined;
  const manifest: unknown = JSON.parse(readFileSync(path.join(ours, 'package.json'), 'utf8'));
  return (manifest as { version?: string }).version;
}

/** Found as `require.resolve` would, at a tenth of the cost where there is none. */
function apiFolder(from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules/@opentelemetry/api');
    if (existsSync(found)) return realpathSync(found);
    if (folder === path.dirname(folder)) return undefined;
  }
}

function hasLogs(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major === 1 && (minor ?? 0) >= 10;
}
