import type { IncomingMessage } from 'node:http';

import type { Work } from '../context/work.ts';
import { recordId } from '../event/record-id.ts';
import { type UserOf, actorFinder } from './actor-finder.ts';
import { spanOf } from './trace-parent.ts';

/** An id that another system may have made: kept if it can't do harm in a log, a header or a query. */
const SANE_ID = /^[\w.:@/+=~-]{1,128}$/;

/** The work of serving a request, whose user is looked for when it is asked for. */
export function requestWork(request: IncomingMessage, userOf: UserOf | undefined, now: () => number): Work {
  const remoteSpan = spanOf(request.headers['traceparent']);
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && SANE_ID.test(given) ? given : (remoteSpan?.traceId ?? recordId(now()));
  return { requestId, ...(remoteSpan && { remoteSpan }), findActor: actorFinder(request, userOf) };
}
