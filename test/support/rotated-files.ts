import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as zlib from 'node:zlib';

import type { Stream } from '../../src/export/stream.ts';

/** The names of a stream's files, the oldest first, the one that is written to last. */
export function rotatedNames(directory: string, stream: Stream): string[] {
  const names = readdirSync(directory).filter((name) => name.startsWith(`${stream}-`));
  const current = readdirSync(directory).filter((name) => name === `${stream}.log`);
  return [...names.toSorted(), ...current];
}

/** What all lines of a stream say, in their order; of a file that is there twice, once. */
export function rotatedMessages(directory: string, stream: Stream): string[] {
  return readRotated(directory, stream).map((record) => (record as { message: string }).message);
}

/** The records of a stream, likewise. */
export function readRotated(directory: string, stream: Stream): unknown[] {
  const names = rotatedNames(directory, stream).filter((name) => !name.endsWith('.tmp'));
  return names
    .filter((name) => name.endsWith('.log') || !names.includes(name.replace(/\.(?:gz|zst)$/, '')))
    .flatMap((name) => recordsIn(path.join(directory, name)));
}

export function messagesIn(file: string): string[] {
  return recordsIn(file).map((record) => (record as { message: string }).message);
}

function recordsIn(file: string): unknown[] {
  const lines = textOf(file).split('\n');
  if (lines.pop() !== '') throw new Error(`${file} ends in the middle of a line`);
  return lines.map((line) => JSON.parse(line) as unknown);
}

function textOf(file: string): string {
  const bytes = readFileSync(file);
  if (file.endsWith('.gz')) return zlib.gunzipSync(bytes).toString();
  return file.endsWith('.zst') ? zlib.zstdDecompressSync(bytes).toString() : bytes.toString();
}
