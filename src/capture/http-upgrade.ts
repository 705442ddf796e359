import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { ANONYMOUS } from '../context/actor.ts';
import { spanOrCaller } from '../context/origin.ts';
import type { Work } from '../context/work.ts';
import type { Body } from '../event/body.ts';
import { guard } from '../event/guard.ts';
import { ROOT_CONTEXT } from '../vendor/opentelemetry.ts';
import type { AskResponseHook, Attributes } from './exchange-hooks.ts';
import { headersByName } from './headers-by-name.ts';
import type { Told } from './http-exchange.ts';
import type { IncomingRules } from './incoming-rules.ts';
import { type ResponseHead, responseHead } from './response-head.ts';
import type { UpgradeMessage } from './upgrade-channel.ts';
import type { SocketWatcher } from './upgraded-socket.ts';

/** One connection that was handed over to the application, from the request that asked for it to its close: told once. */
export class HttpUpgrade implements SocketWatcher {
  readonly work: Work;
  readonly #socket: Partial<Pick<Socket, 'bytesRead' | 'bytesWritten' | 'errored'>>;
  readonly #told: Told;
  readonly #now: () => number;
  readonly #rules: IncomingRules;
  readonly #startedAt = performance.now();
  readonly #protocol: 'http' | 'https' | 'ws' | 'wss';
  readonly #method: string;
  readonly #target: string;
  readonly #headers: readonly string[];
  readonly #clientAddress: string | undefined;
  /** From and to the connection, before anything but the request. */
  readonly #bytesBefore: { readonly read: number; readonly written: number };
  #answer: Buffer = Buffer.alloc(0);
  #head: ResponseHead | undefined;
  #headBytes = 0;
  /** Until it was asked. */
  #askResponseHook: AskResponseHook | undefined;
  #attributes: Attributes | undefined;
  #isTold = false;

  constructor(
    { request, socket, head }: UpgradeMessage,
    { told, work, rules, now }: { told: Told; work: Work; rules: IncomingRules; now: () => number },
  ) {
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
    const { bytesRead = 0, bytesWritten = 0 } = this.#socket;
    this.#bytesBefore = { read: bytesRead - head.length, written: bytesWritten };
    this.#askResponseHook = rules.askHooks?.(request);
  }

  answering(bytes: Buffer): boolean {
    this.#answer = Buffer.concat([this.#answer, bytes]);
    const end = this.#answer.indexOf('\r\n\r\n');
    if (end < 0 && this.#answer.length < MAX_HEAD_BYTES) return false;
    const text = this.#answer.toString('latin1', 0, end + 4);
    if (end >= 0 && text.startsWith('HTTP/1.')) {
      this.#head = responseHead(text);
      this.#headBytes = text.length;
    }
    this.#answer = Buffer.alloc(0);
    // The request may be gone when the connection ends: who made it, and what hooks say of it, is remembered now.
    this.work.findActor?.();
    this.#askOfResponse();
    return true;
  }

  closed(): void {
    const { errored } = this.#socket;
    if (errored) this.#tell(`The connection broke off: ${errored.message}`);
    else this.#tell(this.#head ? null : 'The connection was closed before the response was sent');
  }

  #askOfResponse(): void {
    const { statusCode, headers = [] } = this.#head ?? {};
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
      const { work } = this;
      const actor = work.actor ?? work.findActor?.() ?? ANONYMOUS;
      const context = spanOrCaller(ROOT_CONTEXT, work);
      this.#told(this.#draft(error), { time: this.#now(), actor, requestId: work.requestId, context });
    });
  }

  #draft(error: string | null): Parameters<Told>[0] {
    const { statusCode, headers = [] } = this.#head ?? {};
    const { request, response } = this.#rules;
    this.#askOfResponse();
    const { bytesRead = 0, bytesWritten = 0 } = this.#socket;
    return {
      protocol: this.#protocol,
      method: this.#method,
      target: this.#target,
      requestHeaders: this.#headers,
      shownRequestHeaders: request.shownHeaders(this.#headers),
      requestBody: passed(bytesRead - this.#bytesBefore.read),
      statusCode,
      responseHeaders: headers,
      shownResponseHeaders: response.shownHeaders(headers),
      responseBody: passed(bytesWritten - this.#bytesBefore.written - this.#headBytes),
      route: undefined,
      clientAddress: this.#clientAddress,
      error,
      attributes: this.#attributes,
      seconds: Math.round((performance.now() - this.#startedAt) * 1000) / 1e6,
    };
  }
}

/** Longer than any that a client reads. */
const MAX_HEAD_BYTES = 65_536;

function protocolOf(upgrade: string | undefined, isEncrypted: boolean): 'http' | 'https' | 'ws' | 'wss' {
  if (upgrade && /\bwebsocket\b/i.test(upgrade)) return isEncrypted ? 'wss' : 'ws';
  return isEncrypted ? 'https' : 'http';
}

/** What passes through the connection is counted, not kept. */
function passed(size: number): Body {
  return { size, bytes: () => Buffer.alloc(0), complete: true, hidden: true };
}
