import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { originOf } from '../context/origin.ts';
import type { Work } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import type { IncomingDraft } from '../event/request-event.ts';
import { countedBody } from './counted-body.ts';
import type { IncomingExchangeOptions } from './incoming-exchange-options.ts';
import type { IncomingRules } from './incoming-rules.ts';
import type { MalformedError, MalformedMessage } from './malformed-channel.ts';
import { RawAnswer } from './raw-answer.ts';
import { type RequestLine, requestLine } from './request-line.ts';
import { secondsSince } from './seconds-since.ts';
import type { SocketWatcher } from './watched-socket.ts';

/**
 * One request whose head couldn't be read, from then to the close of its connection: told once. What came of it isn't
 * shown, since where the parser stops nobody knows a header from a body, but for a request line that is whole.
 */
export class HttpMalformed implements SocketWatcher {
  readonly #error: MalformedError;
  readonly #told: IncomingExchangeOptions['told'];
  readonly #work: Work;
  readonly #rules: IncomingRules;
  readonly #now: () => number;
  readonly #startedAt = performance.now();
  readonly #protocol: 'http' | 'https';
  readonly #line: RequestLine;
  readonly #clientAddress: string | undefined;
  readonly #answer: RawAnswer;
  #isTold = false;

  constructor({ error, socket }: MalformedMessage, { told, work, rules, now }: IncomingExchangeOptions) {
    this.#error = error;
    this.#told = told;
    this.#work = work;
    this.#rules = rules;
    this.#now = now;
    this.#protocol = (socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
    this.#line = requestLine(error);
    this.#clientAddress = rules.clientAddress(requestOn(socket));
    this.#answer = new RawAnswer(socket);
  }

  answering(bytes: Buffer): boolean {
    return this.#answer.written(bytes);
  }

  closed(): void {
    this.#tell();
  }

  processEnded(): void {
    this.#tell();
  }

  #tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    guard('recording a malformed request', () => {
      this.#told(this, this.#draft(), originOf(this.#work, this.#now()));
    });
  }

  #draft(): IncomingDraft {
    const { statusCode, headers = [] } = this.#answer.head ?? {};
    return {
      protocol: this.#protocol,
      ...this.#line,
      requestHeaders: [],
      requestBody: countedBody(0),
      statusCode,
      responseHeaders: headers,
      shownResponseHeaders: this.#rules.response.shownHeaders(headers),
      responseBody: countedBody(this.#answer.bodySize),
      route: undefined,
      clientAddress: this.#clientAddress,
      error: malformedText(this.#error),
      seconds: secondsSince(this.#startedAt),
    };
  }
}

/** What a record says of a request that couldn't be read. In `…TOKEN: …`, redaction would take what follows for a secret. */
export function malformedText({ code, message }: MalformedError): string {
  if (code === 'HPE_INVALID_EOF_STATE') return `The connection was closed before the request was complete (${code})`;
  const isRead = code.startsWith('HPE_') || code.startsWith('ERR_HTTP_');
  return `${isRead ? message : 'The connection broke off before the request was complete'} (${code})`;
}

/** What is known of the request. */
function requestOn(socket: Socket): IncomingMessage {
  return { socket, headers: {} } as IncomingMessage;
}
