/** The three streams, each with a file of its own. */
export type Stream = 'audit' | 'api' | 'app';

/** Where a record goes, by its event name and severity text alone, whichever logger it comes from. */
export function streamOf(record: { readonly eventName?: string; readonly severityText?: string }): Stream {
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
