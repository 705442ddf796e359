import { contentTypeOf } from '../event/content-type.ts';
import { type Chosen, type Direction, choiceFor, chosen } from './choice.ts';
import { type AskHooks, exchangeHooks } from './exchange-hooks.ts';
import type { ExchangeOptions } from './exchange-options.ts';

/** The options of the exchanges of one direction, made ready once for all of them. */
export interface ExchangeRules {
  readonly maxBodyBytes: number;
  readonly request: MessageRules;
  readonly response: MessageRules;
  /** Undefined where the application has no hooks. */
  readonly askHooks: AskHooks | undefined;
}

/** What is shown of a request, or of a response; headers are name, value, name, value …. */
interface MessageRules {
  /** How many bytes of a body are kept; undefined for none. */
  readonly keptBytes: number | undefined;
  readonly showsBody: (headers: readonly string[]) => boolean;
  readonly shownHeaders: (headers: readonly string[]) => readonly string[];
}

export function exchangeRules(direction: Direction, options: ExchangeOptions): ExchangeRules {
  const { maxBodyBytes = 65_536, captureBodies = 'all', captureHeaders = 'all' } = options;
  const bodies = choiceFor(direction, captureBodies);
  const headers = choiceFor(direction, captureHeaders);
  return {
    maxBodyBytes,
    request: messageRules(chosen(bodies, 'request'), chosen(headers, 'request'), maxBodyBytes),
    response: messageRules(chosen(bodies, 'response'), chosen(headers, 'response'), maxBodyBytes),
    askHooks: exchangeHooks(options),
  };
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
