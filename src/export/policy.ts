import { STREAMS, type Stream } from './stream.ts';

/**
 * When an operation that is recorded resolves:
 *
 * - `batch`: at once; its record may wait in memory until the turn of the event loop ends.
 * - `os`: after its record is with the operating system, so that it outlives the process, however that ends.
 * - `disk`: after its record is on the disk, so that it outlives a power loss; what is recorded at a time shares one sync.
 */
export type Durability = 'batch' | 'os' | 'disk';

/**
 * What is asked of an operation whose record can't be written:
 *
 * - `open`: nothing. Its record waits in memory; what goes beyond `maxQueueBytes` is counted and told of as lost.
 * - `block`: to wait until its record is written, for at most `maxBlockMs`; then as `open`.
 * - `closed`: not to be done. A change is rejected with `AuditUnavailableError`, a request is answered with 503.
 */
export type WhenUnavailable = 'open' | 'block' | 'closed';

/** One for all streams, or one for each; a stream that isn't named has its default. */
export type PerStream<T> = T | { readonly [stream in Stream]?: T | undefined };

/** @returns what is chosen for each stream */
export function forEachStream<T extends string>(
  choice: PerStream<T> | undefined,
  defaults: Readonly<Record<Stream, T>>,
): Readonly<Record<Stream, T>> {
  const of = (stream: Stream): T => (typeof choice === 'string' ? choice : (choice?.[stream] ?? defaults[stream]));
  return Object.fromEntries(STREAMS.map((stream) => [stream, of(stream)])) as Record<Stream, T>;
}

export const DEFAULT_DURABILITY: Readonly<Record<Stream, Durability>> = { audit: 'os', api: 'batch', app: 'batch' };

export const DEFAULT_WHEN_UNAVAILABLE: Readonly<Record<Stream, WhenUnavailable>> = {
  audit: 'open',
  api: 'open',
  app: 'open',
};
