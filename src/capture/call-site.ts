import { fileURLToPath } from 'node:url';

import { originalPlace } from './original-place.ts';

/** Where in the application's source something was said. */
export interface CallSite {
  /** Absolute, as the file system has it; what is no file is named as Node.js names it: `[eval]`. */
  readonly path: string;
  /** `''` at the top level of a file, or in a function without a name. */
  readonly function: string;
  readonly line: number;
}

/** Frames that are looked at where the nearest is one of Node.js, as in `lines.forEach(console.log)`. */
const MAX_FRAMES = 10;

/** winston hands a record from stream to stream. */
const MAX_LIBRARY_FRAMES = 50;

/** What an application logs in is at most so many places; they are remembered, since source maps are slow. */
const MAX_KNOWN = 10_000;

const known = new Map<string, CallSite>();

/**
 * The place that called `above`, in the source that source maps lead to where the process has them enabled. It takes 2 µs.
 * Undefined where there is none in the application's code, or where stacks can't be had.
 */
export function callSiteAbove(above: (...args: never[]) => unknown): CallSite | undefined {
  return nearest(framesAbove(above, 1)) ?? nearest(framesAbove(above, MAX_FRAMES));
}

/** The nearest place on the stack whose file isn't skipped. */
export function callSiteBeyond(isSkipped: (file: string) => boolean): CallSite | undefined {
  return nearest(framesAbove(callSiteBeyond, MAX_LIBRARY_FRAMES), isSkipped);
}

/** The place where an error was made, as its stack says. */
export function callSiteOf(error: object): CallSite | undefined {
  const { stack } = error as { readonly stack?: unknown };
  if (typeof stack !== 'string') return undefined;
  for (const [, name = '', file = '', line] of stack.matchAll(STACK_LINE)) {
    if (!isApplications(file)) continue;
    return {
      path: pathOf(file),
      function: /(?:^|\.)([\w$#]+)(?: \[as .*\])?$/.exec(name)?.[1] ?? '',
      line: Number(line),
    };
  }
  return undefined;
}

/** `at Patients.create (file:///app/patients.js:7:11)`, `at /app/patients.js:7:11`. */
const STACK_LINE = /^ {4}at (?:async )?(?:(?:new )?([^\n(]*?) \()?([^\n()]+?):(\d+):\d+\)?$/gm;

/** V8 hands the frames to whatever `Error.prepareStackTrace` is while the stack is read; the application's own is put back. */
function framesAbove(above: (...args: never[]) => unknown, count: number): readonly NodeJS.CallSite[] {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back where it was
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { readonly stack?: readonly NodeJS.CallSite[] } = {};
  try {
    Error.prepareStackTrace = asFrames;
    Error.stackTraceLimit = count;
    Error.captureStackTrace(holder, above);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } catch {
    // An application may have frozen `Error`.
    return [];
  } finally {
    restore(prepareStackTrace, stackTraceLimit);
  }
}

function restore(prepareStackTrace: typeof Error.prepareStackTrace, stackTraceLimit: number): void {
  try {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  } catch {
    // Then it has not been changed either.
  }
}

function asFrames(_: Error, frames: NodeJS.CallSite[]): NodeJS.CallSite[] {
  return frames;
}

function nearest(frames: readonly NodeJS.CallSite[], isSkipped?: (file: string) => boolean): CallSite | undefined {
  for (const frame of frames) {
    const file = frame.getFileName();
    if (file && isApplications(file) && !isSkipped?.(file)) return placeOf(frame, file);
  }
  return undefined;
}

function isApplications(file: string): boolean {
  return !file.startsWith('node:') && file !== 'native' && file !== '<anonymous>';
}

function placeOf(frame: NodeJS.CallSite, file: string): CallSite {
  const line = frame.getLineNumber() ?? 0;
  const column = frame.getColumnNumber() ?? 0;
  const key = `${file}:${line}:${column}`;
  const seen = known.get(key);
  if (seen) return seen;
  const original = originalPlace(file, line, column);
  const place = {
    path: pathOf(original?.file ?? file),
    function: frame.getFunctionName() ?? '',
    line: original?.line ?? line,
  };
  if (known.size < MAX_KNOWN) known.set(key, place);
  return place;
}

function pathOf(file: string): string {
  if (!file.startsWith('file:')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    return file;
  }
}
