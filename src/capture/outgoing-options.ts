import type { ExchangeOptions } from './exchange-options.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/**
 * What is recorded of requests that go out. A host is `api.example.com`, with any port, `10.0.0.7:8080` or `[::1]:8080`;
 * `*` in it is any run of characters.
 */
export interface OutgoingOptions extends ExchangeOptions {
  /** URLs, without their query, whose requests are not recorded: whole ones, `*` as in hosts, or expressions. @default [] */
  readonly ignoreOutgoingUrls?: readonly (string | RegExp)[];
  /** Whether a request, as it is created, is not to be recorded. One for which it throws is recorded. */
  readonly ignoreOutgoingRequestHook?: (request: OutgoingRequest) => boolean;
  /** The `service_name` of hosts, of the first that fits; the name that `withPeer` gives wins. @default the host as asked for */
  readonly peerNames?: Readonly<Record<string, string>>;
  /**
   * Send the id of the request that is being served as `x-request-id`, where the application sends none: to all hosts, or
   * to these.
   *
   * @default false
   */
  readonly forwardRequestId?: boolean | readonly string[];
}
