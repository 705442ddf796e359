/** The level from which on a logger's records are written; `off` for none. */
export type LogThreshold = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'off';

/**
 * By the name of the logger, or a part of it that ends before a dot, the longest winning: `http` is also for `http.client`.
 * `root` is for all others.
 */
export type LogThresholds = Readonly<Record<string, LogThreshold>>;

/** As the original system has it; and what `console` prints is recorded, all of it. */
const DEFAULT: LogThresholds = { root: 'debug', console: 'trace' };

const THRESHOLDS: Readonly<Record<LogThreshold, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
  off: Number.POSITIVE_INFINITY,
};

/** @returns the severity number from which on the records of a logger are written */
export function createThresholds(given: LogThresholds = DEFAULT): (name: string) => number {
  const thresholds = new Map(Object.entries(given).map(([name, threshold]) => [name, THRESHOLDS[threshold]]));
  const root = thresholds.get('root') ?? THRESHOLDS.debug;
  return (name) => {
    for (let part = name; part !== ''; part = part.slice(0, Math.max(0, part.lastIndexOf('.')))) {
      const threshold = thresholds.get(part);
      if (threshold !== undefined) return threshold;
    }
    return root;
  };
}

/** Reads `info,sequelize=warn`; undefined for what is none. */
export function readThresholds(items: readonly string[]): LogThresholds | undefined {
  const read: Record<string, string> = {};
  for (const item of items) {
    const [, name = 'root', level = ''] = /^(?:([^=]+?)\s*=\s*)?([^=]+)$/.exec(item) ?? [];
    read[name] = level.toLowerCase();
  }
  return isThresholds(read) ? read : undefined;
}

export function isThresholds(value: unknown): value is LogThresholds {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, level]) => name !== '' && Object.hasOwn(THRESHOLDS, String(level)));
}
