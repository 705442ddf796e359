import type { IncomingMessage } from 'node:http';

import { askHook, isAskingHook } from './ask-hook.ts';
import type { HeadersByName } from './headers-by-name.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { settled } from './settled.ts';

/** What an application adds to the record of an exchange: any values, shown as JSON and redacted. */
export interface Attributes {
  readonly [name: string]: unknown;
}

/** A request that came in, as the server has it, or what is known of one that goes out, whose `url` is a whole one. */
export type ExchangeRequest = IncomingMessage | OutgoingRequest;

/** What came of a request. */
export interface ExchangeResponse {
  /** Undefined if there was no response. */
  readonly statusCode: number | undefined;
  /** As they were sent. */
  readonly headers: HeadersByName;
}

export interface ExchangeHooks {
  /** Attributes of a request, when its headers are there: nothing has authenticated it, or sent it, yet. */
  readonly requestHook?: (request: ExchangeRequest) => Attributes | null | undefined;
  /**
   * Attributes of an exchange that has ended, with or without a response. They win over those of `requestHook`. Over HTTP/2
   * it gets the request that handlers of the compatibility API got, if one did.
   */
  readonly responseHook?: (response: ExchangeResponse, request: ExchangeRequest) => Attributes | null | undefined;
}

/**
 * Asks the hooks of one exchange: `requestHook` at once, `responseHook` when what this returns is called, of the same
 * request, unless another one was made of it. Neither throws.
 * Returns undefined for a request that a hook sends.
 */
export type AskHooks = (request: ExchangeRequest) => AskResponseHook | undefined;
export type AskResponseHook = (response: ExchangeResponse, request?: ExchangeRequest) => Attributes | undefined;

/** Undefined where the application has no hook. */
export function exchangeHooks({ requestHook, responseHook }: ExchangeHooks): AskHooks | undefined {
  if (!requestHook && !responseHook) return undefined;
  return (request) => {
    if (isAskingHook()) return undefined;
    const asked = requestHook && ask('requestHook', () => requestHook(request));
    if (!responseHook) return () => asked;
    return (response, handled = request) => {
      const told = ask('responseHook', () => responseHook(response, handled));
      return asked && told ? { ...asked, ...told } : (told ?? asked);
    };
  };
}

/** What a hook returned is copied at once: it may be an object that the application goes on to use. */
function ask(name: string, hook: () => unknown): Attributes | undefined {
  return askHook(name, () => {
    const answer = settled(hook(), name, EXPECTED);
    if (answer === undefined || answer === null) return undefined;
    if (typeof answer === 'object' && !Array.isArray(answer)) return { ...answer };
    throw new TypeError(
      `${name}: expected ${EXPECTED}, got ${Array.isArray(answer) ? 'an array' : `a ${typeof answer}`}`,
    );
  });
}

const EXPECTED = 'an object of attributes, or nothing';
