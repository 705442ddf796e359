/** The three streams, each with a file of its own. */
export type Stream = 'audit' | 'api' | 'app';

export const STREAMS: readonly Stream[] = ['audit', 'api', 'app'];

/** Where a record goes, by its event name and severity text alone, whichever logger it comes from. */
export function streamOf(record: {
  readonly eventName?: string | undefined;
  readonly severityText?: string | undefined;
}): Stream {
  switch (record.eventName) {
    case 'audit.model':
    case 'audit.login':
      return 'audit';
    case 'audit.request':
      return 'api';
  }
  switch (record.severityText) {
    case 'AUDIT':
    case 'LOGIN':
      return 'audit';
    case 'API':
      return 'api';
    default:
      return 'app';
  }
}

/** Records of several streams, sorted by stream; their order within a stream stays. */
export function byStream<R extends Parameters<typeof streamOf>[0]>(records: readonly R[]): Map<Stream, R[]> {
  const streams = new Map<Stream, R[]>();
  for (const record of records) {
    const stream = streamOf(record);
    const sorted = streams.get(stream);
    if (sorted) sorted.push(record);
    else streams.set(stream, [record]);
  }
  return streams;
}
