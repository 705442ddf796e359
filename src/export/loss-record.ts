import {
  AUDIT_LOSS_FROM,
  AUDIT_LOSS_REASON,
  AUDIT_LOSS_RECORDS,
  AUDIT_LOSS_TO,
  AUDIT_LOSS_UNSYNCED,
} from '../event/attributes.ts';
import type { LogRecordLike } from '../event/from-log-record.ts';
import { SEVERITY_NUMBERS } from '../event/levels.ts';
import type { Loss } from './outage.ts';
import type { Stream } from './stream.ts';

/** A severity text that stands in the stream. */
const LEVELS = { audit: 'AUDIT', api: 'API', app: 'ERROR' } as const satisfies Record<Stream, string>;

/**
 * Tells, in a stream, how many of its records were lost, from when to when and why: an app record by its keys, which the
 * stream that it belongs to takes by its level.
 *
 * @param resource that of the records which were lost
 */
export function lossRecord(
  stream: Stream,
  { records, unsynced, from, to, reason }: Loss,
  resource: LogRecordLike['resource'],
  now: number,
): LogRecordLike {
  const level = LEVELS[stream];
  return {
    hrTime: [Math.floor(now / 1000), (now % 1000) * 1e6],
    severityText: level,
    severityNumber: SEVERITY_NUMBERS[level],
    eventName: 'audit.loss',
    body: messageOf(stream, records, unsynced, reason),
    attributes: {
      [AUDIT_LOSS_RECORDS]: records,
      ...(unsynced > 0 && { [AUDIT_LOSS_UNSYNCED]: unsynced }),
      [AUDIT_LOSS_FROM]: new Date(from).toISOString(),
      [AUDIT_LOSS_TO]: new Date(to).toISOString(),
      [AUDIT_LOSS_REASON]: reason,
    },
    resource,
    instrumentationScope: { name: 'activity-audit' },
  };
}

function messageOf(stream: Stream, records: number, unsynced: number, reason: string): string {
  const lost = records > 0 ? [`${records} ${stream} records are lost`] : [];
  const unsure = unsynced > 0 ? [`${unsynced} ${stream} records may not outlive a power loss`] : [];
  return `${[...lost, ...unsure].join(', ')}: ${reason}`;
}
