import type { LogRecordLike } from '../event/from-log-record.ts';
import { report } from '../event/guard.ts';
import { ecsLines } from './ecs-line.ts';
import { KeptLine } from './kept-line.ts';
import type { LineOptions } from './line-format.ts';
import { otlpLines } from './otlp-line.ts';
import { seedLines } from './seed-line.ts';
import type { Stream } from './stream.ts';

/**
 * What a line looks like: `seed` has the keys of the original system, and ours; `otlp` is OTLP/JSON, as OpenTelemetry's
 * Collector reads it from files; `ecs` has the fields of the Elastic Common Schema.
 */
export type Format = 'seed' | 'otlp' | 'ecs';

const FORMATS = { seed: seedLines, otlp: otlpLines, ecs: ecsLines } as const satisfies Record<Format, unknown>;

/**
 * Returns what writes one line for each record, whatever the record is: one that can't be read must not hold up the
 * others.
 *
 * @throws TypeError for a format that isn't there
 */
export function lineWriter(
  format: Format,
  options: LineOptions,
  now: () => number = Date.now,
): (record: LogRecordLike, stream: Stream) => string {
  if (!Object.hasOwn(FORMATS, format))
    throw new TypeError(`format: expected ${Object.keys(FORMATS).join(', ')}, got ${JSON.stringify(format)}`);
  const { line, unreadable } = FORMATS[format](options);
  return (record, stream) => {
    if (record instanceof KeptLine) return record.line;
    try {
      return line(record, stream);
    } catch (error) {
      report('reading a record', error);
      return unreadable(stream, now());
    }
  };
}
