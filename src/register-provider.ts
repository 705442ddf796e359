import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { type ApiLoggerProvider, logs } from './vendor/opentelemetry.ts';

/**
 * Makes `provider` that of the process, for whatever logs through the Logs API: any copy of `@opentelemetry/api-logs`,
 * and `@opentelemetry/api` 1.10 and later, where the Logs API lives in SDK 3.
 */
export function registerProvider(provider: ApiLoggerProvider): void {
  logs.setGlobalLoggerProvider(provider);
  const version = sharedApiVersion();
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
  try {
    const ours = createRequire(import.meta.url).resolve('@opentelemetry/api');
    const applications = createRequire(path.join(process.cwd(), 'index.js')).resolve('@opentelemetry/api');
    if (ours !== applications) return undefined;
    const folder = ours.slice(0, ours.lastIndexOf(path.join('@opentelemetry', 'api')));
    const manifest = path.join(folder, '@opentelemetry', 'api', 'package.json');
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

function hasLogs(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major === 1 && (minor ?? 0) >= 10;
}
