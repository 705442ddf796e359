import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { CACHE } from './install.ts';

const run = promisify(execFile);

let packing: Promise<string> | undefined;

/** The tarball that would be published, named by its content, as a version for package.json. `npm run build` made it. */
export function packed(): Promise<string> {
  return (packing ??= pack());
}

async function pack(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'activity-audit-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const tarball = path.join(folder, filename);
  const hash = createHash('sha256')
    .update(await readFile(tarball))
    .digest('hex')
    .slice(0, 12);
  const kept = path.join(CACHE, 'tarballs', `${hash}.tgz`);
  await mkdir(path.dirname(kept), { recursive: true });
  await copyFile(tarball, kept);
  return `file:${kept}`;
}
