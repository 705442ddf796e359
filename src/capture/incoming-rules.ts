import type { IncomingMessage } from 'node:http';

import type { UserOf } from './actor-finder.ts';
import { askHook } from './ask-hook.ts';
import { type ClientAddress, clientAddress } from './client-address.ts';
import { type ExchangeRules, exchangeRules } from './exchange-rules.ts';
import type { IncomingOptions } from './incoming-options.ts';
import { matcher } from './matcher.ts';
import { settled } from './settled.ts';
import { withoutQuery } from './without-query.ts';

/** The options of requests that come in, made ready once for all of them. */
export interface IncomingRules extends ExchangeRules {
  readonly userOf: UserOf | undefined;
  /** Whether a request is not to be recorded. Never throws. */
  readonly ignores: (request: IncomingMessage) => boolean;
  readonly clientAddress: ClientAddress;
}

export function incomingRules(options: IncomingOptions): IncomingRules {
  return {
    ...exchangeRules('incoming', options),
    userOf: options.userOf,
    ignores: ignores(options),
    clientAddress: clientAddress(options.trustProxy),
  };
}

function ignores({ ignorePaths = [], ignoreIncomingRequestHook: hook }: IncomingOptions): IncomingRules['ignores'] {
  const isIgnoredPath = matcher(ignorePaths);
  return (request) => {
    if (ignorePaths.length > 0 && isIgnoredPath(withoutQuery(request.url ?? ''))) return true;
    return hook !== undefined && askHook(HOOK, () => settled(hook(request), HOOK, 'true or false')) === true;
  };
}

const HOOK = 'ignoreIncomingRequestHook';
