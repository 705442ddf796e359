import type { IncomingMessage } from 'node:http';

import type { UserOf } from './actor-finder.ts';
import type { Choice } from './choice.ts';
import type { TrustProxy } from './client-address.ts';

/** What is recorded of incoming requests. */
export interface IncomingOptions {
  /** How many bytes of a body a record shows; its size is counted in full. @default 65536 */
  readonly maxBodyBytes?: number;
  /** Finds the user of a request. @default `request.user`, `request.auth`, `request.session.user` */
  readonly userOf?: UserOf;
  /** Paths whose requests are not recorded: whole ones, `*` in them any run of characters, or expressions. @default [] */
  readonly ignorePaths?: readonly (string | RegExp)[];
  /**
   * Whether a request, as its headers have come, is not to be recorded. One for which it throws is recorded. Over HTTP/2
   * it gets an object with `method`, `url`, `headers`, `rawHeaders`, `httpVersion`, `socket` and `stream`.
   */
  readonly ignoreIncomingRequestHook?: (request: IncomingMessage) => boolean;
  /** Whose bodies are shown: all, none, of one direction, or of these media types (`text/*`). @default 'all' */
  readonly captureBodies?: Choice;
  /** Whose headers are shown: all, none, of one direction, or those of these names (`x-*`). @default 'all' */
  readonly captureHeaders?: Choice;
  /** Which proxies are believed when they say whom they serve, as Express defines it. @default false */
  readonly trustProxy?: TrustProxy;
}
