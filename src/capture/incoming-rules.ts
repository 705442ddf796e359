import type { IncomingMessage } from 'node:http';

import { contentTypeOf } from '../event/content-type.ts';
import { guard } from '../event/guard.ts';
import type { UserOf } from './actor-finder.ts';
import { type Chosen, chosen } from './choice.ts';
import { type ClientAddress, clientAddress } from './client-address.ts';
import type { IncomingOptions } from './incoming-options.ts';
import { matcher } from './matcher.ts';
import { settled } from './settled.ts';

/** The options of incoming requests, made ready once for all of them. */
export interface IncomingRules {
  readonly maxBodyBytes: number;
  readonly userOf: UserOf | undefined;
  /** Whether a request is not to be recorded. Never throws. */
  readonly ignores: (request: IncomingMessage) => boolean;
  readonly clientAddress: ClientAddress;
  readonly request: MessageRules;
  readonly response: MessageRules;
}

/** What is shown of a request, or of a response; headers are name, value, name, value …. */
interface MessageRules {
  /** How many bytes of a body are kept; undefined for none. */
  readonly keptBytes: number | undefined;
  readonly showsBody: (headers: readonly string[]) => boolean;
  readonly shownHeaders: (headers: readonly string[]) => readonly string[];
}

export function incomingRules(options: IncomingOptions): IncomingRules {
  const { maxBodyBytes = 65_536, userOf, captureBodies = 'all', captureHeaders = 'all', trustProxy } = options;
  return {
    maxBodyBytes,
    userOf,
    ignores: ignores(options),
    clientAddress: clientAddress(trustProxy),
    request: messageRules(chosen(captureBodies, 'request'), chosen(captureHeaders, 'request'), maxBodyBytes),
    response: messageRules(chosen(captureBodies, 'response'), chosen(captureHeaders, 'response'), maxBodyBytes),
  };
}

function ignores({ ignorePaths = [], ignoreIncomingRequestHook: hook }: IncomingOptions): IncomingRules['ignores'] {
  const isIgnoredPath = matcher(ignorePaths);
  return (request) => {
    if (ignorePaths.length > 0 && isIgnoredPath(pathOf(request))) return true;
    if (!hook) return false;
    const ask = (): boolean => settled(hook(request), 'ignoreIncomingRequestHook', 'true or false');
    return guard('asking ignoreIncomingRequestHook', ask) === true;
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const queryStart = url.indexOf('?');
  return queryStart < 0 ? url : url.slice(0, queryStart);
}

function messageRules(bodies: Chosen, headers: Chosen, maxBodyBytes: number): MessageRules {
  return {
    keptBytes: bodies === false ? undefined : maxBodyBytes,
    showsBody: (described) => (typeof bodies === 'boolean' ? bodies : bodies(contentTypeOf(described).media)),
    shownHeaders: (all) => {
      if (typeof headers === 'boolean') return headers ? all : [];
      return all.filter((_, i) => headers(all[i - (i % 2)] as string));
    },
  };
}
