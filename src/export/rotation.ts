/** When a file of lines is closed, and what becomes of it. */
export interface Rotation {
  /** A new file with each day or hour of UTC, by which the records tell their time, too. @default no limit of time */
  readonly every?: 'day' | 'hour' | undefined;
  /** A new file before one becomes longer, unless a single write is. @default no limit of size */
  readonly maxBytes?: number | undefined;
  /** How closed files are compressed; `zstd` takes Node.js 22.15. @default 'gzip' */
  readonly compress?: 'gzip' | 'zstd' | false | undefined;
}

/** The file that is written to. */
export interface CurrentFile {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly bornAt: number;
}

/** By how much the clock of a file system may differ from that of the process, without a file more at midnight. */
const SKEW_MS = 10_000;

/** A clock that was set back by more than this, and now is in an earlier period, begins a new file. */
const SET_BACK_MS = 3_600_000;

const PERIOD_MS = { hour: 3_600_000, day: 86_400_000 } as const;

/**
 * Whether the file has to be closed before more is appended to it.
 *
 * @param bytes how many are about to be appended
 */
export function isDue({ every, maxBytes }: Rotation, file: CurrentFile, bytes: number, now: number): boolean {
  if (file.size === 0) return false;
  if (maxBytes !== undefined && file.size + bytes > maxBytes) return true;
  if (every === undefined) return false;
  const periodOf = (time: number): number => Math.floor(time / PERIOD_MS[every]);
  return periodOf(now) > periodOf(file.bornAt + SKEW_MS) || periodOf(now) < periodOf(file.bornAt - SET_BACK_MS);
}

/** What the name of a closed file tells: `audit-2026-11-24.0003.log`, `.log.gz` or `.log.zst`. */
export interface ClosedName {
  readonly name: string;
  /** Without what compression adds: `audit-2026-11-24.0003.log`. */
  readonly plain: string;
  /** The day of UTC on which the file began. */
  readonly date: string;
  /** The first of a day is 1. */
  readonly number: number;
}

/** @returns undefined for all other names */
export function readClosedName(stem: string, name: string): ClosedName | undefined {
  const [, plain = '', of, date = '', number = ''] = CLOSED.exec(name) ?? [];
  return of === stem ? { name, plain, date, number: Number(number) } : undefined;
}

/** A longer number is nobody's of ours, and none that can be counted on from. */
const CLOSED = /^(([a-z]+)-(\d{4}-\d\d-\d\d)\.(\d{4,12})\.log)(?:\.gz|\.zst)?$/;

/**
 * The name that a file gets when it is closed. Names sort by time.
 *
 * @param stem of its name: `audit` of `audit.log`
 * @param names of all files in the folder
 */
export function nextClosedName(stem: string, { bornAt }: CurrentFile, names: readonly string[]): string {
  const date = new Date(bornAt + SKEW_MS).toISOString().slice(0, 10);
  const numbers = names.map((name) => readClosedName(stem, name)).map((of) => (of?.date === date ? of.number : 0));
  const next = numbers.reduce((highest, number) => Math.max(highest, number), 0) + 1;
  return `${stem}-${date}.${String(next).padStart(4, '0')}.log`;
}

export function inOrder(a: ClosedName, b: ClosedName): number {
  if (a.date !== b.date) return a.date < b.date ? -1 : 1;
  return a.number - b.number;
}
