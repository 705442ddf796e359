import { askHook } from './ask-hook.ts';
import { type ExchangeRules, exchangeRules } from './exchange-rules.ts';
import { hostNames } from './host-names.ts';
import { matcher } from './matcher.ts';
import type { OutgoingOptions } from './outgoing-options.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { settled } from './settled.ts';
import { withoutQuery } from './without-query.ts';

/** The options of requests that go out, made ready once for all of them; undefined is what needn't be asked. None throws. */
export interface OutgoingRules extends ExchangeRules {
  /** Whether a request is not to be recorded. */
  readonly ignores: ((request: OutgoingRequest) => boolean) | undefined;
  /** Whether a request to a URL is to carry the id of the request that is being served. */
  readonly forwardsTo: ((url: string) => boolean) | undefined;
  /** The name of who is asked at a URL, if it has one. */
  readonly peerName: ((url: string) => string | undefined) | undefined;
}

export function outgoingRules(options: OutgoingOptions): OutgoingRules {
  return {
    ...exchangeRules('outgoing', options),
    ignores: ignores(options),
    forwardsTo: forwardsTo(options),
    peerName: peerName(options),
  };
}

function ignores({
  ignoreOutgoingUrls = [],
  ignoreOutgoingRequestHook: hook,
}: OutgoingOptions): OutgoingRules['ignores'] {
  if (ignoreOutgoingUrls.length === 0 && !hook) return undefined;
  const isIgnoredUrl = matcher(ignoreOutgoingUrls);
  return (request) => {
    if (isIgnoredUrl(withoutQuery(request.url))) return true;
    return hook !== undefined && askHook(HOOK, () => settled(hook(request), HOOK, 'true or false')) === true;
  };
}

const HOOK = 'ignoreOutgoingRequestHook';

function forwardsTo({ forwardRequestId = false }: OutgoingOptions): OutgoingRules['forwardsTo'] {
  if (typeof forwardRequestId === 'boolean') return forwardRequestId ? () => true : undefined;
  const isOneOfThem = hostMatcher(forwardRequestId);
  return (url) => hostNames(url).some(isOneOfThem);
}

function peerName({ peerNames = {} }: OutgoingOptions): OutgoingRules['peerName'] {
  const peers = Object.entries(peerNames).map(([host, name]) => ({ name, isCalled: hostMatcher([host]) }));
  if (peers.length === 0) return undefined;
  return (url) => {
    const names = hostNames(url);
    return peers.find(({ isCalled }) => names.some(isCalled))?.name;
  };
}

/** The names of hosts in URLs are in lower case. */
function hostMatcher(patterns: readonly string[]): (hostName: string) => boolean {
  return matcher(patterns.map((pattern) => pattern.toLowerCase()));
}
