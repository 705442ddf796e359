import type { TLSSocket } from 'node:tls';

import { originOf } from '../context/origin.ts';
import type { Work } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import type { IncomingDraft } from '../event/request-event.ts';
import { countedBody } from './counted-body.ts';
import { errorText } from './error-text.ts';
import type { AskResponseHook, Attributes } from './exchange-hooks.ts';
import { headersByName } from './headers-by-name.ts';
import type { IncomingExchangeOptions } from './incoming-exchange-options.ts';
import type { IncomingRules } from './incoming-rules.ts';
import type { Refusable } from './obstructed.ts';
import { type CountingSocket, RawAnswer } from './raw-answer.ts';
import { secondsSince } from './seconds-since.ts';
import { refusalText } from './unavailable.ts';
import type { UpgradeMessage } from './upgrade-channel.ts';
import type { SocketWatcher } from './watched-socket.ts';

/** One connection that was handed over to the application, from the request that asked for it to its close: told once. */
export class HttpUpgrade implements SocketWatcher, Refusable {
  readonly work: Work;
  readonly #socket: CountingSocket;
  readonly #told: IncomingExchangeOptions['told'];
  readonly #now: () => number;
  readonly #rules: IncomingRules;
  readonly #startedAt = performance.now();
  readonly #protocol: 'http' | 'https' | 'ws' | 'wss';
  readonly #method: string;
  readonly #target: string;
  readonly #headers: readonly string[];
  readonly #clientAddress: string | undefined;
  readonly #answer: RawAnswer;
  /** From the connection, with the request and before anything else. */
  readonly #bytesBefore: number;
  /** Until it was asked. */
  #askResponseHook: AskResponseHook | undefined;
  #attributes: Attributes | undefined;
  /** Why the application didn't get it. */
  #refusal: string | null = null;
  #isTold = false;

  constructor({ request, socket, head }: UpgradeMessage, { told, work, rules, now }: IncomingExchangeOptions) {
    this.work = work;
    this.#socket = socket;
    this.#told = told;
    this.#now = now;
    this.#rules = rules;
    this.#protocol = protocolOf(request.headers.upgrade, Boolean((socket as Partial<TLSSocket>).encrypted));
    this.#method = request.method ?? '';
    this.#target = request.url ?? '';
    this.#headers = request.rawHeaders;
    this.#clientAddress = rules.clientAddress(request);
    this.#answer = new RawAnswer(socket);
    this.#bytesBefore = (this.#socket.bytesRead ?? 0) - head.length;
    this.#askResponseHook = rules.askHooks?.(request);
  }

  refused(reason: string): void {
    this.#refusal = refusalText(reason);
  }

  answering(bytes: Buffer): boolean {
    if (!this.#answer.written(bytes)) return false;
    // The request may be gone when the connection ends: who made it, and what hooks say of it, is remembered now.
    this.work.findActor?.();
    this.#askOfResponse();
    return true;
  }

  closed(): void {
    const { errored } = this.#socket;
    if (errored) this.#tell(`The connection broke off: ${errorText(errored)}`);
    else this.#tell(this.#answer.head ? null : 'The connection was closed before the response was sent');
  }

  #askOfResponse(): void {
    const { statusCode, headers = [] } = this.#answer.head ?? {};
    const ask = this.#askResponseHook;
    this.#askResponseHook = undefined;
    if (ask) this.#attributes = ask({ statusCode, headers: headersByName(headers) });
  }

  processEnded(): void {
    this.#tell('The process ended before the connection was closed');
  }

  #tell(error: string | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    guard('recording an upgrade', () => {
      this.#told(this, this.#draft(error), originOf(this.work, this.#now()));
    });
  }

  #draft(error: string | null): IncomingDraft {
    const { statusCode, headers = [] } = this.#answer.head ?? {};
    const { request, response } = this.#rules;
    this.#askOfResponse();
    return {
      protocol: this.#protocol,
      method: this.#method,
      target: this.#target,
      requestHeaders: this.#headers,
      shownRequestHeaders: request.shownHeaders(this.#headers),
      requestBody: countedBody((this.#socket.bytesRead ?? 0) - this.#bytesBefore),
      statusCode,
      responseHeaders: headers,
      shownResponseHeaders: response.shownHeaders(headers),
      responseBody: countedBody(this.#answer.bodySize),
      route: undefined,
      clientAddress: this.#clientAddress,
      error: error ?? this.#refusal,
      attributes: this.#attributes,
      seconds: secondsSince(this.#startedAt),
    };
  }
}

function protocolOf(upgrade: string | undefined, isEncrypted: boolean): 'http' | 'https' | 'ws' | 'wss' {
  if (upgrade && /\bwebsocket\b/i.test(upgrade)) return isEncrypted ? 'wss' : 'ws';
  return isEncrypted ? 'https' : 'http';
}
