import { closeSync, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * How a tail knows a file again that got another name: by its device and inode (Vector, if told to), its whole first line
 * (Vector), or its first 1000 bytes, as many as there are (the OpenTelemetry Collector).
 */
export type FileIdentity = 'inode' | 'first line' | 'first 1000 bytes';

interface Followed {
  /** While the file is open. */
  fd: number | undefined;
  offset: number;
  /** What it is known by. */
  mark: Buffer;
}

/**
 * Reads along as an OpenTelemetry Collector and Vector do: each poll looks at the names, takes up files that it doesn't
 * know at 0, goes on with the others where it was, whatever they are called now, and reads those without a name to their
 * end before it lets go of them.
 */
export class Tail {
  readonly lines: string[] = [];
  readonly #directory: string;
  readonly #pattern: RegExp;
  readonly #identity: FileIdentity;
  readonly #followed = new Set<Followed>();

  constructor(directory: string, pattern: RegExp, identity: FileIdentity) {
    this.#directory = directory;
    this.#pattern = pattern;
    this.#identity = identity;
  }

  poll(): void {
    const named = new Set<Followed>();
    for (const name of readdirSync(this.#directory).filter((found) => this.#pattern.test(found))) {
      const file = this.#take(path.join(this.#directory, name));
      if (file) named.add(file);
    }
    for (const file of this.#followed) {
      this.#readOn(file);
      if (named.has(file)) continue;
      closeFile(file);
      this.#followed.delete(file);
    }
  }

  /** As the end of its process does, which keeps on a disk how far it is: the next poll goes on from there. */
  close(): void {
    for (const file of this.#followed) closeFile(file);
  }

  #take(file: string): Followed | undefined {
    const fd = openIfThere(file);
    if (fd === undefined) return undefined;
    const mark = MARKS[this.#identity](fd);
    const known = mark && [...this.#followed].find((followed) => this.#isMark(mark, followed.mark));
    if (!mark || known?.fd !== undefined) closeSync(fd);
    if (!mark) return undefined;
    const followed = known ?? { fd, offset: 0, mark };
    followed.fd ??= fd;
    followed.mark = mark;
    this.#followed.add(followed);
    return followed;
  }

  #isMark(mark: Buffer, known: Buffer): boolean {
    return this.#identity === 'first 1000 bytes' ? mark.subarray(0, known.length).equals(known) : mark.equals(known);
  }

  #readOn(file: Followed): void {
    if (file.fd === undefined) return;
    const bytes = Buffer.alloc(fstatSync(file.fd).size - file.offset);
    readSync(file.fd, bytes, 0, bytes.length, file.offset);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end === 0) return;
    file.offset += end;
    this.lines.push(...bytes.toString('utf8', 0, end - 1).split('\n'));
  }
}

/** Undefined while there is nothing to know a file by. */
const MARKS: Readonly<Record<FileIdentity, (fd: number) => Buffer | undefined>> = {
  inode(fd) {
    const { dev, ino } = fstatSync(fd);
    return Buffer.from(`${dev} ${ino}`);
  },
  'first line'(fd) {
    const bytes = firstBytes(fd, 100 * 1024);
    const end = bytes.indexOf('\n');
    return end === -1 ? undefined : bytes.subarray(0, end);
  },
  'first 1000 bytes'(fd) {
    const bytes = firstBytes(fd, 1000);
    return bytes.length === 0 ? undefined : bytes;
  },
};

function firstBytes(fd: number, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  return bytes.subarray(0, readSync(fd, bytes, 0, count, 0));
}

function closeFile(file: Followed): void {
  if (file.fd !== undefined) closeSync(file.fd);
  file.fd = undefined;
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
