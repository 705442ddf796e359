import { copyFileSync, cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';

import { installed } from './install.ts';
import { packed } from './package.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * An application as somebody has it who installed this package: a copy of a folder of ours, removed after the test. The
 * embedded SQLite is beside the folder, as `../sqlite.js`.
 */
export async function applicationFolder(
  t: TestContext,
  source: string,
  dependencies: Readonly<Record<string, string>>,
): Promise<string> {
  const packages = await installed({
    '@opentelemetry/api': '1.9.1',
    'node-sqlite3-wasm': '0.8.60',
    sequelize: '6.37.8',
    ...dependencies,
    'activity-audit': await packed(),
  });
  const root = temporaryFolder(t);
  const folder = path.join(root, 'application');
  cpSync(source, folder, { recursive: true });
  copyFileSync('examples/sqlite.js', path.join(root, 'sqlite.js'));
  symlinkSync(path.join(packages, 'node_modules'), path.join(root, 'node_modules'));
  return folder;
}
