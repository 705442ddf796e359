import type { AppLevel, Level } from './event.ts';

/**
 * The severity numbers of our levels. The original system's 21, 22 and 23 lie just above INFO in Python; as OpenTelemetry
 * numbers they would mean FATAL. OpenTelemetry's own Python bridge maps them to INFO2, INFO3 and INFO4, and so do we.
 */
export const SEVERITY_NUMBERS: Readonly<Record<Level | AppLevel, number>> = {
  TRACE: 1,
  DEBUG: 5,
  INFO: 9,
  AUDIT: 10,
  API: 11,
  LOGIN: 12,
  WARN: 13,
  ERROR: 17,
  FATAL: 21,
};

const RANGES: readonly AppLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** A level as we name it, whatever its case (`info`); another name as it is. */
export function levelNamed(name: string | undefined): string | undefined {
  return RANGES.find((level) => level === name?.toUpperCase()) ?? name;
}

/** The level of a severity number by OpenTelemetry's ranges of four; `INFO` where there is none. */
export function levelOf(severityNumber: number | undefined): AppLevel {
  if (!severityNumber) return 'INFO';
  return RANGES[Math.floor((severityNumber - 1) / 4)] ?? 'FATAL';
}
