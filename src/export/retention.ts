import type { ClosedName } from './rotation.ts';
import type { Stream } from './stream.ts';

/** Which closed files of a stream are kept: those within all of the limits. */
export interface RetentionLimits {
  /** Those that began on one of so many days, today's included. */
  readonly days?: number | undefined;
  /** The newest, so many. */
  readonly files?: number | undefined;
  /** The newest, as many as have so many bytes together. */
  readonly bytes?: number | undefined;
}

/**
 * Which closed files are kept. The limits are for api and app; a stream's own go before them. Audit files are kept for
 * ever, unless `audit` has limits.
 *
 * @example
 * { days: 30, audit: { days: 3650 } }
 */
export interface Retention extends RetentionLimits {
  readonly audit?: RetentionLimits | undefined;
  readonly api?: RetentionLimits | undefined;
  readonly app?: RetentionLimits | undefined;
}

/** @returns undefined where all files are kept */
export function limitsOf(retention: Retention, stream: Stream): RetentionLimits | undefined {
  return retention[stream] ?? (stream === 'audit' ? undefined : retention);
}

/** A closed file, of which there may be two while it is compressed. */
export interface ClosedFile extends ClosedName {
  readonly size: number;
}

const DAY_MS = 86_400_000;

/**
 * The files that are to be deleted.
 *
 * @param files newest first
 */
export function expiredOf<F extends ClosedFile>(files: readonly F[], limits: RetentionLimits, now: number): F[] {
  const { days = Infinity, files: count = Infinity, bytes = Infinity } = limits;
  const kept = new Set<string>();
  let size = 0;
  return files.filter((file) => {
    size += file.size;
    kept.add(file.plain);
    const age = (now - Date.parse(file.date)) / DAY_MS;
    return age >= days || kept.size > count || size > bytes;
  });
}
