import { STREAMS, type Stream } from './stream.ts';

/** How the records of one stream fare in this thread, since it started. */
export interface StreamHealth {
  /** `slow`: writing or syncing takes a second or more. `unavailable`: it fails. In both cases records wait in memory. */
  readonly status: 'ok' | 'slow' | 'unavailable';
  /** Since when it isn't ok. */
  readonly since?: Date;
  /** Why it isn't ok, in the words of the operating system. */
  readonly reason?: string;
  /** Records and bytes that were handed to the operating system. */
  readonly records: number;
  readonly bytes: number;
  /** Records that went beyond `maxQueueBytes`. */
  readonly lost: number;
  /** What waits in memory now. */
  readonly queuedRecords: number;
  readonly queuedBytes: number;
}

export interface AuditHealth extends Readonly<Record<Stream, StreamHealth>> {
  /** That of the stream that is worst. */
  readonly status: StreamHealth['status'];
}

/** What is known of a stream that isn't ok. */
export interface Trouble {
  readonly stream: Stream;
  readonly isSlow: boolean;
  readonly since: number;
  readonly reason: string;
  readonly queuedRecords: number;
  readonly queuedBytes: number;
}

/** What was written, and lost, of one stream. */
interface StreamCounts {
  records: number;
  bytes: number;
  lost: number;
}

/** Is told how long each write and each sync took, in seconds. */
interface LatencyListener {
  wrote(stream: Stream, seconds: number): void;
  synced(stream: Stream, seconds: number): void;
}

interface Shared {
  readonly counts: Readonly<Record<Stream, StreamCounts>>;
  readonly troubles: Set<Trouble>;
  readonly listeners: Set<LatencyListener>;
}

const SLOT = Symbol.for('activity-audit.export-health.1');

/** Shared by all copies of this package in a thread: `register` is one by itself. */
export const exportHealth: Shared = ((globalThis as { [SLOT]?: Shared })[SLOT] ??= {
  counts: Object.fromEntries(
    STREAMS.map((stream): [Stream, StreamCounts] => [stream, { records: 0, bytes: 0, lost: 0 }]),
  ) as Record<Stream, StreamCounts>,
  troubles: new Set(),
  listeners: new Set(),
});

/** Counts what was handed to the operating system. */
export function wrote(stream: Stream, records: number, bytes: number): void {
  const counts = exportHealth.counts[stream];
  counts.records += records;
  counts.bytes += bytes;
}

const clock = performance.now.bind(performance);

/** Writes, and tells how long it took to whoever wants to know. */
export function timed<T>(stream: Stream, write: () => T): T {
  const { listeners } = exportHealth;
  if (listeners.size === 0) return write();
  const began = clock();
  const written = write();
  const seconds = (clock() - began) / 1000;
  for (const listener of listeners) listener.wrote(stream, seconds);
  return written;
}

/**
 * Whether the records of this thread are being written, for a health check.
 *
 * @example
 * app.get('/ready', (request, response) => response.status(auditHealth().status === 'ok' ? 200 : 503).end());
 */
export function auditHealth(): AuditHealth {
  const streams = Object.fromEntries(STREAMS.map((stream) => [stream, healthOf(stream)])) as Record<
    Stream,
    StreamHealth
  >;
  return { status: worst(STREAMS.map((stream) => streams[stream])), ...streams };
}

function healthOf(stream: Stream): StreamHealth {
  const troubles = [...exportHealth.troubles].filter((trouble) => trouble.stream === stream);
  const first = troubles.find(({ isSlow }) => !isSlow) ?? troubles[0];
  return {
    status: !first ? 'ok' : first.isSlow ? 'slow' : 'unavailable',
    ...(first && { since: new Date(first.since), reason: first.reason }),
    ...exportHealth.counts[stream],
    queuedRecords: sum(troubles.map(({ queuedRecords }) => queuedRecords)),
    queuedBytes: sum(troubles.map(({ queuedBytes }) => queuedBytes)),
  };
}

function worst(streams: readonly StreamHealth[]): StreamHealth['status'] {
  return (['unavailable', 'slow'] as const).find((bad) => streams.some(({ status }) => status === bad)) ?? 'ok';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
