import type { IncomingMessage } from 'node:http';

import type { UserOf } from './actor-finder.ts';
import type { TrustProxy } from './client-address.ts';
import type { ExchangeOptions } from './exchange-options.ts';

/** What is recorded of requests that come in. */
export interface IncomingOptions extends ExchangeOptions {
  /** Finds the user of a request. @default `request.user`, `request.auth`, `request.session.user` */
  readonly userOf?: UserOf;
  /** Paths whose requests are not recorded: whole ones, `*` in them any run of characters, or expressions. @default [] */
  readonly ignorePaths?: readonly (string | RegExp)[];
  /**
   * Whether a request, as its headers have come, is not to be recorded. One for which it throws is recorded. Over HTTP/2
   * it gets an object with `method`, `url`, `headers`, `rawHeaders`, `httpVersion`, `socket` and `stream`.
   */
  readonly ignoreIncomingRequestHook?: (request: IncomingMessage) => boolean;
  /** Which proxies are believed when they say whom they serve, as Express defines it. @default false */
  readonly trustProxy?: TrustProxy;
}
