import type { AuditObserver, RequestEvent } from '../../src/testing.ts';

/** A record of an exchange that went out. */
export type Outgoing = RequestEvent & { readonly request_repr: { readonly endpoint: string } };

/** Whether a record tells of an exchange that went out, to a URL that ends with `path`. */
export function isOutgoing(record: { name: string }, path = ''): record is Outgoing {
  const { request_repr: request } = record as RequestEvent;
  return record.name === 'audit.request' && 'endpoint' in request && request.endpoint.endsWith(path);
}

/** Waits for the record of the exchange with a URL that ends with `path`. */
export function outgoingTo(audit: AuditObserver, path: string): Promise<Outgoing> {
  return audit.waitFor<Outgoing>((record) => isOutgoing(record, path), 5000);
}

/** All of them so far. */
export function outgoingRecords(audit: AuditObserver): Outgoing[] {
  return audit.records.filter((record) => isOutgoing(record));
}
