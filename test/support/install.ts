import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Kept between runs, with what is in it named by what was asked for; outside of the repository, whose own packages would be found. */
export const CACHE = path.join(os.tmpdir(), 'activity-audit-tests');

const underway = new Map<string, Promise<string>>();

/**
 * A project folder in which these packages are installed, and nothing else.
 *
 * @param dependencies versions by package name, as in package.json
 * @returns the folder's path
 */
export function installed(dependencies: Readonly<Record<string, string>>): Promise<string> {
  const manifest = JSON.stringify({ name: 'application', private: true, type: 'module', dependencies });
  const folder = path.join(CACHE, createHash('sha256').update(manifest).digest('hex').slice(0, 12));
  const installing = underway.get(folder) ?? install(folder, manifest);
  underway.set(folder, installing);
  return installing;
}

async function install(folder: string, manifest: string): Promise<string> {
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  await writeFile(path.join(unfinished, 'package.json'), manifest);
  // SDK 3 asks for a newer Node than the one that npm may run on; the tests run it on one that it supports.
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--force'], { cwd: unfinished });
  try {
    await rename(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    await rm(unfinished, { recursive: true });
  }
  return folder;
}

/** The Node.js lines that we run on. */
export const NODE_VERSIONS = ['20.20.2', '22.23.3', '24.21.0'] as const;

/** The path of a Node.js executable of that version. */
export async function nodeBinary(version: string): Promise<string> {
  if (process.versions.node === version) return process.execPath;
  return path.join(await installed({ node: version }), 'node_modules/node/bin/node');
}
