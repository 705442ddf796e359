import { closeSync, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** How a tail knows a file again that got another name. */
export type FileIdentity = 'inode' | 'first line';

interface Followed {
  readonly fd: number;
  offset: number;
}

/**
 * Reads along as an OpenTelemetry Collector (`first line`, its fingerprint) and Vector (either, as configured) do: each
 * poll looks at the names, takes up files that it doesn't know at 0, goes on with the others where it was, whatever they
 * are called now, and reads those without a name to their end before it lets go of them.
 */
export class Tail {
  readonly lines: string[] = [];
  readonly #directory: string;
  readonly #pattern: RegExp;
  readonly #identity: FileIdentity;
  readonly #followed = new Map<string, Followed>();

  constructor(directory: string, pattern: RegExp, identity: FileIdentity) {
    this.#directory = directory;
    this.#pattern = pattern;
    this.#identity = identity;
  }

  poll(): void {
    const named = new Set<string>();
    for (const name of readdirSync(this.#directory).filter((found) => this.#pattern.test(found))) {
      const id = this.#take(path.join(this.#directory, name));
      if (id !== undefined) named.add(id);
    }
    for (const [id, file] of this.#followed) {
      this.#readOn(file);
      if (!named.has(id)) this.#letGo(id, file);
    }
  }

  close(): void {
    for (const [id, file] of this.#followed) this.#letGo(id, file);
  }

  #take(file: string): string | undefined {
    const fd = openIfThere(file);
    if (fd === undefined) return undefined;
    const id = this.#identity === 'inode' ? String(fstatSync(fd).ino) : firstLine(fd);
    if (id === undefined || this.#followed.has(id)) closeSync(fd);
    else this.#followed.set(id, { fd, offset: 0 });
    return id;
  }

  #readOn(file: Followed): void {
    const bytes = Buffer.alloc(fstatSync(file.fd).size - file.offset);
    readSync(file.fd, bytes, 0, bytes.length, file.offset);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end === 0) return;
    file.offset += end;
    this.lines.push(...bytes.toString('utf8', 0, end - 1).split('\n'));
  }

  #letGo(id: string, { fd }: Followed): void {
    closeSync(fd);
    this.#followed.delete(id);
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns undefined while there is none */
function firstLine(fd: number): string | undefined {
  const bytes = Buffer.alloc(1000);
  const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
  const end = text.indexOf('\n');
  return end === -1 ? undefined : text.slice(0, end);
}
