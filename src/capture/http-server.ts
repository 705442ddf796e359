import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Origin } from '../context/origin.ts';
import { type Work, enterWork } from '../context/work.ts';
import { emit, realProvider } from '../event/emit.ts';
import { guard } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { type IncomingDraft, incomingEvent } from '../event/request-event.ts';
import { VERSION } from '../event/version.ts';
import { type ApiLoggerProvider, InstrumentationBase } from '../vendor/opentelemetry.ts';
import { HttpExchange } from './http-exchange.ts';
import { isWatched, watch } from './http-patch.ts';
import { HttpUpgrade } from './http-upgrade.ts';
import type { IncomingOptions } from './incoming-options.ts';
import { type IncomingRules, incomingRules } from './incoming-rules.ts';
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
export class HttpServerInstrumentation extends InstrumentationBase<HttpServerInstrumentationConfig> {
  // The base class calls `enable` before the fields of this one would be initialised.
  declare private subscriptions: (readonly [channel: string, listener: (message: unknown) => void])[] | undefined;
  declare private onExit: (() => void) | undefined;
  declare private inFlight: Set<HttpExchange | HttpUpgrade> | undefined;
  declare private provider: ApiLoggerProvider | undefined;
  declare private rules: IncomingRules;

  constructor(config: HttpServerInstrumentationConfig) {
    super('activity-audit/http-server', VERSION, config);
  }

  protected override init(): undefined {
    return undefined;
  }

  override setConfig(config: HttpServerInstrumentationConfig): void {
    super.setConfig(config);
    this.rules = incomingRules(config);
  }

  override enable(): void {
    if (this.subscriptions) return;
    this.inFlight ??= new Set();
    this.subscriptions = [
      [REQUEST_CHANNEL, (message) => guard('watching a request', () => this.start(message as StartMessage))],
      [CONNECTION_CHANNEL, (message) => guard('watching for upgrades', () => connected(message as ConnectionMessage))],
      [UPGRADE_CHANNEL, (message) => guard('watching an upgrade', () => this.upgrade(message as UpgradeMessage))],
    ];
    for (const [channel, listener] of this.subscriptions) subscribe(channel, listener);
    this.onExit = () => this.tellUnfinished();
    process.on('exit', this.onExit);
  }

  /** Requests in flight are still recorded when they end. */
  override disable(): void {
    if (!this.subscriptions || !this.onExit) return;
    for (const [channel, listener] of this.subscriptions) unsubscribe(channel, listener);
    process.off('exit', this.onExit);
    this.subscriptions = undefined;
    this.onExit = undefined;
  }

  override setLoggerProvider(provider: ApiLoggerProvider): void {
    this.provider = realProvider(provider);
  }

  private start({ request, response, server }: StartMessage): void {
    guard('watching for upgrades', () => publishUpgrades(server));
    if (isWatched(request)) return;
    const work = this.workOf(request);
    enterWork(work);
    if (this.rules.ignores(request)) return;
    const exchange = new HttpExchange(request, response, {
      told: (draft, origin) => this.told(exchange, draft, origin),
      work,
      rules: this.rules,
      now: this.now,
    });
    watch(request, response, exchange);
    this.inFlight?.add(exchange);
  }

  private upgrade(message: UpgradeMessage): void {
    const { request, socket } = message;
    if (isWatchedSocket(socket)) return;
    const work = this.workOf(request);
    message.work = work;
    if (this.rules.ignores(request)) return;
    const upgrade = new HttpUpgrade(message, {
      told: (draft, origin) => this.told(upgrade, draft, origin),
      work,
      rules: this.rules,
      now: this.now,
    });
    watchSocket(socket, work, upgrade);
    this.inFlight?.add(upgrade);
  }

  private workOf(request: IncomingMessage): Work {
    return requestWork(request, this.rules.userOf, this.now);
  }

  private told(done: HttpExchange | HttpUpgrade, draft: IncomingDraft, origin: Origin): void {
    this.inFlight?.delete(done);
    emit(incomingEvent(draft, origin, this.getConfig().redactor, this.rules.maxBodyBytes), origin, this.provider);
  }

  private get now(): () => number {
    return this.getConfig().now ?? Date.now;
  }

  /** A handler that threw may end the process before its response was closed. */
  private tellUnfinished(): void {
    for (const exchange of this.inFlight ?? []) exchange.processEnded();
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

function connected({ socket: { server } }: ConnectionMessage): void {
  if (server) publishUpgrades(server);
}
