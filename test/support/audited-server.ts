/** The server that the running test of a file asks, and what it observes: one at a time. */
import { once } from 'node:events';
import type http from 'node:http';
import type https from 'node:https';
import type { AddressInfo } from 'node:net';

import type { IncomingRequestRepr, RequestEvent } from '../../src/event/event.ts';
import type { InstrumentationOptions } from '../../src/options.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';

/** A record of an exchange that came in. */
export type Incoming = RequestEvent & { readonly request_repr: IncomingRequestRepr };

export let audit: AuditObserver;
export let server: http.Server | https.Server;
export let port: number;

/** Starts a server on a free port of this machine, and observes what comes in. */
export async function start(on: http.Server | https.Server, options: InstrumentationOptions = {}): Promise<void> {
  observe(options);
  server = on.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
}

/** The same without a server. */
export function observe(options: InstrumentationOptions = {}): void {
  audit = observeAudit({ outgoing: false, ...options });
}

/** For `afterEach`. */
export function stop(): void {
  audit.stop();
  server.closeAllConnections();
  server.close();
}
