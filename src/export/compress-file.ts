import type * as Fs from 'node:fs/promises';
import type { Transform } from 'node:stream';
import type * as Zlib from 'node:zlib';

export type Compression = 'gzip' | 'zstd';

const EXTENSIONS: Readonly<Record<Compression, string>> = { gzip: '.gz', zstd: '.zst' };

/** What is not complete yet. Whoever makes it has the file to compress for himself. */
export const PART = '.tmp';

/** @throws Error if this Node.js can't compress so */
export function expectCompression(format: Compression): void {
  if (format === 'zstd' && !('createZstdCompress' in zlib()))
    throw new Error('compressing with zstd takes Node.js 22.15 or newer; set compress to gzip');
}

/**
 * Puts a compressed file into the place of one that is not written to any more. It does so outside of the main thread.
 * The file is removed when all of it is on the disk, compressed, and not a moment earlier; until then another file,
 * whose name ends in `.tmp`, grows. Killed at any time, it can be done again, and so it can where the file was written to
 * meanwhile, and is therefore still there. Does nothing while another process does it.
 */
export async function compressFile(file: string, format: Compression): Promise<void> {
  const target = file + EXTENSIONS[format];
  const part = target + PART;
  const output = await openNew(part, (await fs().stat(file)).mode & 0o777);
  if (!output) return;
  try {
    const bytes = await compressInto(output, file, format);
    await output.sync();
    if (!(await isSame(output, part))) return;
    await fs().rename(part, target);
    await syncFolderOf(target);
    if ((await fs().stat(file)).size === bytes) await fs().unlink(file);
  } finally {
    if (await isSame(output, part)) await fs().unlink(part);
    await output.close();
  }
}

async function openNew(path: string, mode: number): Promise<Fs.FileHandle | undefined> {
  try {
    return await fs().open(path, 'wx', mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

/** Large pieces, so that the event loop has little to do. */
const PIECE_BYTES = 512 * 1024;

async function compressInto(output: Fs.FileHandle, file: string, format: Compression): Promise<number> {
  const { pipeline } = process.getBuiltinModule('node:stream/promises');
  const input = (await fs().open(file, 'r')).createReadStream({ highWaterMark: PIECE_BYTES });
  await pipeline(input, compressor(format), async (pieces: AsyncIterable<Uint8Array>) => {
    for await (const piece of pieces) await output.writeFile(piece);
  });
  return input.bytesRead;
}

function compressor(format: Compression): Transform {
  const { createGzip, createZstdCompress } = zlib();
  return format === 'gzip' ? createGzip({ chunkSize: PIECE_BYTES }) : createZstdCompress({ chunkSize: PIECE_BYTES });
}

/** Whether the open file is still the one at the path: one that stood still for long may have been taken for dead. */
async function isSame(handle: Fs.FileHandle, path: string): Promise<boolean> {
  const there = await fs()
    .stat(path)
    .catch(() => undefined);
  return there !== undefined && there.ino === (await handle.stat()).ino;
}

/** A new name is on the disk with its folder; not everywhere can one be opened. */
async function syncFolderOf(file: string): Promise<void> {
  const path = process.getBuiltinModule('node:path');
  const folder = await fs()
    .open(path.dirname(file), 'r')
    .catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Both are asked for where they are needed: a process starts without them. */
function fs(): typeof Fs {
  return process.getBuiltinModule('node:fs/promises');
}

function zlib(): typeof Zlib {
  return process.getBuiltinModule('node:zlib');
}
