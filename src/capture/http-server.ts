import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Origin } from '../context/origin.ts';
import { type Work, enterWork } from '../context/work.ts';
import { emit } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { type IncomingDraft, incomingEvent } from '../event/request-event.ts';
import { HttpExchange } from './http-exchange.ts';
import { watch, watcherOf } from './http-patch.ts';
import { HttpUpgrade } from './http-upgrade.ts';
import { HTTP2_STREAM_CHANNEL, type Http2StreamMessage, publishStreams } from './http2-channel.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { Http2Request, http2UserOf } from './http2-request.ts';
import { followStream, isFollowed } from './http2-stream.ts';
import { InFlight, type Unfinished } from './in-flight.ts';
import type { IncomingOptions } from './incoming-options.ts';
import { type IncomingRules, incomingRules } from './incoming-rules.ts';
import { Instrumentation } from './instrumentation.ts';
import { requestWork } from './request-work.ts';
import { UPGRADE_CHANNEL, type UpgradeMessage, publishUpgrades } from './upgrade-channel.ts';
import { isWatchedSocket, watchSocket } from './upgraded-socket.ts';

export interface HttpServerInstrumentationConfig extends IncomingOptions {
  /** @default true */
  readonly enabled?: boolean;
  readonly redactor: Redactor;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Published by Node as soon as the headers of a request are there, whatever framework serves it. */
const REQUEST_CHANNEL = 'http.server.request.start';
/** Published by Node when a server of any kind has got a connection: the first request on it may be an upgrade. */
const CONNECTION_CHANNEL = 'net.server.socket';

/** Records every HTTP exchange that comes in, and every connection that a request has asked for. */
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
    unsubscribe(HTTP2_STREAM_CHANNEL, this.#onStream);
    this.#inFlight.close();
  }

  readonly #onStart = (message: unknown): void => {
    guard('watching a request', () => this.#watch(message as StartMessage));
  };

  readonly #onConnection = (message: unknown): void => {
    guard('watching for upgrades', () => publishUpgrades((message as ConnectionMessage).socket.server));
  };

  readonly #onUpgrade = (message: unknown): void => {
    guard('watching an upgrade', () => this.#watchUpgrade(message as UpgradeMessage));
  };

  readonly #onStream = (message: unknown): void => {
    guard('watching a stream', () => this.#watchStream(message as Http2StreamMessage));
  };

  #watch({ request, response, server }: StartMessage): void {
    guard('watching for upgrades', () => publishUpgrades(server));
    if (watcherOf(request)) return;
    const work = this.#workOf(request);
    enterWork(work);
    if (this.#rules.ignores(request)) return;
    const exchange = new HttpExchange(request, response, {
      told: (draft, origin) => this.#told(exchange, draft, origin),
      work,
      rules: this.#rules,
      now: this.#now,
    });
    watch(exchange, response, request);
    this.#inFlight.add(exchange);
  }

  #watchUpgrade(message: UpgradeMessage): void {
    const { request, socket } = message;
    if (isWatchedSocket(socket)) return;
    const work = this.#workOf(request);
    message.work = work;
    if (this.#rules.ignores(request)) return;
    const upgrade = new HttpUpgrade(message, {
      told: (draft, origin) => this.#told(upgrade, draft, origin),
      work,
      rules: this.#rules,
      now: this.#now,
    });
    watchSocket(socket, work, upgrade);
    this.#inFlight.add(upgrade);
  }

  #watchStream(message: Http2StreamMessage): void {
    const { stream } = message;
    if (isFollowed(stream)) return;
    const request = new Http2Request(message);
    const work = message.work ?? this.#workOf(request.asMessage(), http2UserOf(this.#rules.userOf));
    message.work = work;
    if (this.#rules.ignores(request.asMessage())) return followStream(stream, work);
    const exchange = new Http2Exchange(request, {
      told: (draft, origin) => this.#told(exchange, draft, origin),
      work,
      rules: this.#rules,
      now: this.#now,
    });
    followStream(stream, work, exchange);
    this.#inFlight.add(exchange);
  }

  #workOf(request: IncomingMessage, userOf = this.#rules.userOf): Work {
    return requestWork(request, userOf, this.#now);
  }

  #told(done: Unfinished, draft: IncomingDraft, origin: Origin): void {
    this.#inFlight.delete(done);
    emit(incomingEvent(draft, origin, this.getConfig().redactor, this.#rules.maxBodyBytes), origin, this.provider);
  }

  get #now(): () => number {
    return this.getConfig().now ?? Date.now;
  }
}

interface StartMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: object;
}

interface ConnectionMessage {
  readonly socket: { readonly server?: object };
}
