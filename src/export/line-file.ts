import type { AppendFailure } from './append-file.ts';

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
  /** The next append opens it again. */
  close(): void;
  /** Resolves when nothing is done beside the appending any more. Doesn't reject. */
  settled?(): Promise<void>;
}
