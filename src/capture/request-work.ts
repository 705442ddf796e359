import type { IncomingMessage } from 'node:http';

import type { Work } from '../context/work.ts';
import { recordId } from '../event/record-id.ts';
import { maskSecretValues } from '../event/secrets.ts';
import { ActorFinder, type UserOf } from './actor-finder.ts';
import { isMarkedAsExport } from './is-exporter.ts';
import { spanOf } from './trace-parent.ts';

/** An id that another system may have made: kept if it can't do harm in a log, a header or a query, and is no secret. */
const SANE_ID = /^[\w.:@/+=~-]{1,128}$/;

/** The work of serving a request, whose user is looked for when it is asked for; `requestEnded` is to be called. */
export function requestWork(request: IncomingMessage, userOf: UserOf | undefined, now: () => number): Work {
  const remoteSpan = spanOf(request.headers['traceparent']);
  const given = request.headers['x-request-id'];
  const requestId = isSane(given) ? given : (remoteSpan?.traceId ?? recordId(now()));
  const { find, letGo } = new ActorFinder(request, userOf);
  return {
    requestId,
    remoteSpan,
    ...(isMarkedAsExport((name) => request.headers[name]) && { isMarkedAsExport: true }),
    findActor: find,
    requestEnded: letGo,
  };
}

function isSane(id: string | string[] | undefined): id is string {
  return typeof id === 'string' && SANE_ID.test(id) && maskSecretValues(id) === id;
}
