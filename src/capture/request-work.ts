import type { IncomingMessage } from 'node:http';

import { isSaneId } from '../context/sane-id.ts';
import type { Client, Work } from '../context/work.ts';
import { recordId } from '../event/record-id.ts';
import { maskSecretValues } from '../event/secrets.ts';
import { guard } from '../event/guard.ts';
import type { ClientAddress } from './client-address.ts';
import { ActorFinder, type UserOf } from './actor-finder.ts';
import { isMarkedAsExport } from './is-exporter.ts';
import { spanOf } from './trace-parent.ts';

/** The work of serving a request, whose user is looked for when it is asked for; `requestEnded` is to be called. */
export function requestWork(
  request: IncomingMessage,
  userOf: UserOf | undefined,
  now: () => number,
  addressOf: ClientAddress,
): Work {
  const remoteSpan = spanOf(request.headers['traceparent']);
  const given = request.headers['x-request-id'];
  const requestId = isKept(given) ? given : (remoteSpan?.traceId ?? recordId(now()));
  const finder = new ActorFinder(request, userOf);
  return {
    requestId,
    remoteSpan,
    ...(isMarkedAsExport((name) => request.headers[name]) && { isMarkedAsExport: true }),
    findActor: finder.find,
    findClient: clientFinder(finder, addressOf),
    requestEnded: finder.letGo,
  };
}

/** One that another system has made is kept if it is no secret either. */
function isKept(id: unknown): id is string {
  return isSaneId(id) && maskSecretValues(id) === id;
}

/** A function of its own, whose result holds nothing of the request but what the finder holds until it has ended. */
function clientFinder(finder: ActorFinder, addressOf: ClientAddress): () => Client | undefined {
  let client: Client | undefined;
  return () => (client ??= guard('finding a client', () => finder.request && clientOf(finder.request, addressOf)));
}

function clientOf(request: IncomingMessage, addressOf: ClientAddress): Client {
  return { address: addressOf(request), userAgent: request.headers['user-agent'] };
}
