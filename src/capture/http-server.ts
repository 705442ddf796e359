import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { type Work, enterWork, runInWork } from '../context/work.ts';
import { emit } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import { recordId } from '../event/record-id.ts';
import type { Redactor } from '../event/redact.ts';
import { incomingEvent } from '../event/request-event.ts';
import { HttpExchange } from './http-exchange.ts';
import { HttpMalformed, malformedText } from './http-malformed.ts';
import { obstructRequest, obstructUpgrade } from './http-obstructed.ts';
import { watch, watcherOf } from './http-patch.ts';
import { HttpUpgrade } from './http-upgrade.ts';
import { HTTP2_STREAM_CHANNEL, type Http2StreamMessage, publishStreams } from './http2-channel.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { obstructStream } from './http2-obstructed.ts';
import { Http2Request, http2UserOf } from './http2-request.ts';
import { followStream, isFollowed } from './http2-stream.ts';
import { InFlight } from './in-flight.ts';
import type { IncomingExchangeOptions } from './incoming-exchange-options.ts';
import type { IncomingOptions } from './incoming-options.ts';
import { type IncomingRules, incomingRules } from './incoming-rules.ts';
import { Instrumentation } from './instrumentation.ts';
import { MALFORMED_CHANNEL, type MalformedMessage } from './malformed-channel.ts';
import { mark } from './mark.ts';
import { requestWork } from './request-work.ts';
import { publishServerEvents } from './server-events.ts';
import { UPGRADE_CHANNEL, type UpgradeMessage } from './upgrade-channel.ts';
import { watchSocket } from './watched-socket.ts';

export interface HttpServerInstrumentationConfig extends IncomingOptions {
  /** @default true */
  readonly enabled?: boolean;
  readonly redactor: Redactor;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Published by Node as soon as the headers of a request are there, whatever framework serves it. */
const REQUEST_CHANNEL = 'http.server.request.start';
/** Published by Node when a server of any kind has got a connection: the first request on it may be an upgrade, or none. */
const CONNECTION_CHANNEL = 'net.server.socket';

/** On requests whose connection was handed over, and on connections that have brought what can't be read: told once. */
const UPGRADED = Symbol.for('activity-audit.http.upgraded.1');
const MALFORMED = Symbol.for('activity-audit.http.malformed-connection.1');

/** Records every HTTP exchange that comes in, also one that Node can't read, and every connection that a request has asked for. */
export class HttpServerInstrumentation extends Instrumentation<HttpServerInstrumentationConfig> {
  readonly #inFlight = new InFlight();
  #rules: IncomingRules;
  #isEnabled = false;

  constructor(config: HttpServerInstrumentationConfig) {
    super('activity-audit/http-server', config);
    this.#rules = incomingRules(config);
    this.enable();
  }

  override setConfig(config: HttpServerInstrumentationConfig): void {
    super.setConfig(config);
    this.#rules = incomingRules(config);
  }

  protected override start(): void {
    if (this.#isEnabled) return;
    this.#isEnabled = true;
    subscribe(REQUEST_CHANNEL, this.#onStart);
    subscribe(CONNECTION_CHANNEL, this.#onConnection);
    subscribe(UPGRADE_CHANNEL, this.#onUpgrade);
    subscribe(MALFORMED_CHANNEL, this.#onMalformed);
    subscribe(HTTP2_STREAM_CHANNEL, this.#onStream);
    publishStreams();
    this.#inFlight.open();
  }

  /** What is in flight is still recorded when it ends. */
  override disable(): void {
    if (!this.#isEnabled) return;
    this.#isEnabled = false;
    unsubscribe(REQUEST_CHANNEL, this.#onStart);
    unsubscribe(CONNECTION_CHANNEL, this.#onConnection);
    unsubscribe(UPGRADE_CHANNEL, this.#onUpgrade);
    unsubscribe(MALFORMED_CHANNEL, this.#onMalformed);
    unsubscribe(HTTP2_STREAM_CHANNEL, this.#onStream);
    this.#inFlight.close();
  }

  readonly #onStart = (message: unknown): void => {
    guard('watching a request', () => this.#watch(message as StartMessage));
  };

  readonly #onConnection = (message: unknown): void => {
    guard('watching a server', () => publishServerEvents((message as ConnectionMessage).socket.server));
  };

  readonly #onUpgrade = (message: unknown): void => {
    guard('watching an upgrade', () => this.#watchUpgrade(message as UpgradeMessage));
  };

  readonly #onMalformed = (message: unknown): void => {
    guard('watching a malformed request', () => this.#watchMalformed(message as MalformedMessage));
  };

  readonly #onStream = (message: unknown): void => {
    guard('watching a stream', () => this.#watchStream(message as Http2StreamMessage));
  };

  #watch({ request, response, server }: StartMessage): void {
    guard('watching a server', () => publishServerEvents(server));
    if (watcherOf(request)) return;
    const work = this.#workOf(request);
    enterWork(work);
    if (this.#rules.ignores(request)) return work.requestEnded?.();
    const exchange = new HttpExchange(request, response, this.#optionsOf(work));
    watch(exchange, response, request);
    this.#inFlight.add(exchange);
    obstructRequest(server, request, response, exchange);
  }

  #watchUpgrade(message: UpgradeMessage): void {
    const { request, socket } = message;
    if (!mark(request, UPGRADED)) return;
    const work = this.#workOf(request);
    work.requestEnded?.();
    message.work = work;
    runInWork(work, () => {
      if (this.#rules.ignores(request)) return watchSocket(socket, undefined, work);
      const upgrade = new HttpUpgrade(message, this.#optionsOf(work));
      watchSocket(socket, upgrade, work);
      this.#inFlight.add(upgrade);
      obstructUpgrade(message, upgrade);
    });
  }

  #watchMalformed(message: MalformedMessage): void {
    const { error, socket } = message;
    const request = unfinishedRequest(socket);
    if (request) {
      const exchange = watcherOf(request);
      if (!(exchange instanceof HttpExchange)) return;
      message.work = exchange.work;
      exchange.requestBroke(malformedText(error));
      return;
    }
    // The same error may come again, with each later packet.
    if (!mark(socket, MALFORMED)) return;
    const work: Work = { requestId: recordId(this.#now()) };
    message.work = work;
    const malformed = new HttpMalformed(message, this.#optionsOf(work));
    watchSocket(socket, malformed);
    this.#inFlight.add(malformed);
  }

  #watchStream(message: Http2StreamMessage): void {
    const { stream } = message;
    if (isFollowed(stream)) return;
    const request = new Http2Request(message);
    const work = message.work ?? this.#workOf(request.asMessage(), http2UserOf(this.#rules.userOf));
    work.requestEnded?.();
    message.work = work;
    runInWork(work, () => {
      if (this.#rules.ignores(request.asMessage())) return followStream(stream, work);
      const exchange = new Http2Exchange(request, this.#optionsOf(work));
      followStream(stream, work, exchange);
      this.#inFlight.add(exchange);
      obstructStream(message, exchange);
    });
  }

  #workOf(request: IncomingMessage, userOf = this.#rules.userOf): Work {
    return requestWork(request, userOf, this.#now, this.#rules.clientAddress);
  }

  #optionsOf(work: Work): IncomingExchangeOptions {
    return { told: this.#told, work, rules: this.#rules, now: this.#now };
  }

  readonly #told: IncomingExchangeOptions['told'] = (exchange, draft, origin) => {
    this.#inFlight.delete(exchange);
    emit(incomingEvent(draft, origin, this.getConfig().redactor, this.#rules.maxBodyBytes), origin, this.provider);
  };

  get #now(): () => number {
    return this.getConfig().now ?? Date.now;
  }
}

/** The request on a connection whose head could be read, and whose body is still to come. */
function unfinishedRequest(socket: Socket): IncomingMessage | undefined {
  const { parser } = socket as { readonly parser?: { readonly incoming?: IncomingMessage | null } | null };
  return parser?.incoming && !parser.incoming.complete ? parser.incoming : undefined;
}

interface StartMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

interface ConnectionMessage {
  readonly socket: { readonly server?: object };
}
