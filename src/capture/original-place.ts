import Module from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place in a source file. */
interface OriginalPlace {
  /** A path, or a `file:` URL. */
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
}

/**
 * What the source map of a file says of a place in it, if the process has source maps enabled: with `--enable-source-maps`,
 * and by what runs TypeScript, such as tsx. Undefined where there is none, or it doesn't tell.
 *
 * @param line from 1 on
 * @param column from 1 on
 */
export function originalPlace(file: string, line: number, column: number): OriginalPlace | undefined {
  if (!process.sourceMapsEnabled) return undefined;
  const map = Module.findSourceMap(file);
  const entry = map?.findEntry(line - 1, column - 1);
  if (!map || !entry || !('originalSource' in entry) || !entry.originalSource) return undefined;
  return { file: resolved(entry.originalSource, file), line: entry.originalLine + 1 };
}

/** Sources are named by URLs, or relative to the file. */
function resolved(source: string, file: string): string {
  if (/^[a-z]{2,}:/i.test(source) || path.isAbsolute(source)) return source;
  const folder = path.dirname(file.startsWith('file:') ? fileURLToPath(file) : file);
  return path.resolve(folder, source);
}
