import type { AppendFailure } from './append-file.ts';
import type { Sync } from './group-commit.ts';

/** Where lines go. */
export interface LineFile {
  readonly path: string;
  /**
   * Hands whole lines to the operating system before it returns.
   *
   * @param bytes of the lines, each with its line feed
   * @returns undefined, or what went wrong
   */
  append(bytes: Buffer): AppendFailure | undefined;
  /** From now on, nothing that was appended is left unsynced when the file is closed, and `sync` may be called. */
  keepSynced(): void;
  /** Calls back when all that was appended before is on the disk. One at a time. */
  readonly sync: Sync;
  /** The next append opens it again. */
  close(): void;
  /** Resolves when nothing is done beside the appending any more. Doesn't reject. */
  settled?(): Promise<void>;
}
