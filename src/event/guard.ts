import { diag } from '../vendor/opentelemetry.ts';

/** How often the same is told at most. */
export const TOLD_EVERY_MS = 60_000;

/** What was said of late, and how often it happened since: a fault in every request must not flood anything. */
const lastSaid = new Map<string, { at: number; unsaid: number }>();

/**
 * Runs something of ours inside the application: what it throws is reported and goes no further.
 *
 * @param doing what was being done, as the report names it; it must be one of few constant texts
 */
export function guard<T>(doing: string, fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    report(doing, error);
    return undefined;
  }
}

/**
 * Tells the operator that something of ours went wrong: to OpenTelemetry's `diag` where a diagnostics logger is set,
 * else on stderr; at most once a minute for each `doing`, with the number of times it was not told. Never throws.
 */
export function report(doing: string, error: unknown, now: () => number = Date.now): void {
  try {
    tell(doing, `${doing} failed: ${textOf(error)}`, now);
  } catch {
    // There is nobody left to tell.
  }
}

/**
 * Tells the operator something where `report` does, and as seldom. Never throws.
 *
 * @param topic one of few constant texts
 * @returns whether it was told now
 */
export function tell(topic: string, text: string, now: () => number = Date.now): boolean {
  const at = now();
  const said = lastSaid.get(topic);
  // A clock that was set back counts as passed.
  if (said && Math.abs(at - said.at) < TOLD_EVERY_MS) {
    said.unsaid += 1;
    return false;
  }
  lastSaid.set(topic, { at, unsaid: 0 });
  const again = said && said.unsaid > 0 ? ` (and ${said.unsaid} times more since it was last told)` : '';
  say(`${text}${again}`);
  return true;
}

/** Tells the operator something that happens seldom. Never throws. */
export function say(text: string): void {
  try {
    if (hasDiagLogger()) diag.error(`activity-audit: ${text}`);
    else process.stderr.write(`activity-audit: ${text}\n`);
  } catch {
    // There is nobody left to tell.
  }
}

/** `diag` drops what is said before a logger is set, and doesn't tell whether one is. */
function hasDiagLogger(): boolean {
  const api = (globalThis as Record<symbol, { diag?: unknown } | undefined>)[Symbol.for('opentelemetry.js.api.1')];
  return api?.diag !== undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
