import type { Retention } from './export/retention.ts';
import type { Rotation } from './export/rotation.ts';

const WORDS: Readonly<Record<string, Rotation>> = {
  daily: { every: 'day' },
  hourly: { every: 'hour' },
  gzip: { compress: 'gzip' },
  zstd: { compress: 'zstd' },
  uncompressed: { compress: false },
};

/** @returns the rotation that `['daily', '100mb']` says, undefined if it says none */
export function readRotation(items: readonly string[]): Rotation | undefined {
  const parts = items.map((item) => WORDS[item.toLowerCase()] ?? { maxBytes: bytesOf(item) });
  const rotation: Rotation = Object.assign({}, ...parts);
  return parts.length === countOf(parts) && isRotation(rotation) ? rotation : undefined;
}

/** @returns the retention that `['30 days', 'audit: 10gb']` says, undefined if it says none */
export function readRetention(items: readonly string[]): Retention | undefined {
  const retention: Record<string, unknown> = {};
  for (const item of items) {
    const [, stream, text = ''] = /^(?:(audit|api|app)\s*:\s*)?(.*)$/i.exec(item) ?? [];
    const limits = stream ? ((retention[stream.toLowerCase()] ??= {}) as Record<string, unknown>) : retention;
    const [, number, unit = ''] = /^(\d+)\s*(d|days?|files?)$/i.exec(text) ?? [];
    const limit = number === undefined ? 'bytes' : unit.toLowerCase().startsWith('d') ? 'days' : 'files';
    if (limits[limit] !== undefined) return undefined;
    limits[limit] = number === undefined ? bytesOf(text) : Number(number);
  }
  return isRetention(retention) ? retention : undefined;
}

export function isRotation(value: unknown): value is Rotation {
  return (
    isObjectOf(value, {
      every: (part) => part === 'day' || part === 'hour',
      maxBytes: isCount,
      compress: (part) => part === 'gzip' || part === 'zstd' || part === false,
    }) &&
    ('every' in value || 'maxBytes' in value)
  );
}

const LIMITS = { days: isCount, files: isCount, bytes: isCount };

export function isRetention(value: unknown): value is Retention {
  const isLimits = (part: unknown): boolean => isObjectOf(part, LIMITS);
  return isObjectOf(value, { ...LIMITS, audit: isLimits, api: isLimits, app: isLimits });
}

const UNITS = 'bkmgt';

/** `100mb`, `1.5 GiB`, `1024`; a kilobyte has 1024 bytes. */
export function bytesOf(text: string): number | undefined {
  const [, number, unit = 'b'] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b(?:ytes)?)?$/i.exec(text) ?? [];
  return number === undefined ? undefined : Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
}

/** How many different things are said: a thing that is said twice is a mistake. */
function countOf(parts: readonly object[]): number {
  return new Set(parts.flatMap(Object.keys)).size;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** Whether it is an object with some of the keys, and at least one. */
function isObjectOf(value: unknown, keys: Readonly<Record<string, (part: unknown) => boolean>>): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const parts = Object.entries(value);
  return parts.length > 0 && parts.every(([key, part]) => Object.hasOwn(keys, key) && keys[key]?.(part));
}
