import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { type Work, runInWork } from '../context/work.ts';
import { shadow } from './shadow.ts';

/** A request that a server is about to hand to its listeners for `upgrade` or `connect`, with the connection. */
export interface UpgradeMessage {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What of the connection's data has come with the request. */
  readonly head: Buffer;
  /** The work in hand for the listeners, which a subscriber may say. */
  work?: Work;
}

/** Ours, since Node has none: what is published before the listeners of a server that {@link publishUpgrades} was given. */
export const UPGRADE_CHANNEL = 'activity-audit.http.upgrade.1';

const upgrades = channel(UPGRADE_CHANNEL);

const PUBLISHED = Symbol.for('activity-audit.http.upgrades.1');

/**
 * Has an HTTP server publish upgrades; any other server is left alone. The method `emit` is shadowed on the server, not
 * patched on its class: there a tracing instrumentation may have put a wrapper, which it couldn't take off below ours.
 */
export function publishUpgrades(server: object | undefined): void {
  if (!server || PUBLISHED in server || !('closeIdleConnections' in server)) return;
  Object.defineProperty(server, PUBLISHED, { value: true });
  shadow(server, 'emit', (original) => {
    return function emit(this: unknown, name: unknown) {
      const message = (name === 'upgrade' || name === 'connect') && upgrades.hasSubscribers && messageOf(arguments);
      if (!message) return Reflect.apply(original, this, arguments);
      upgrades.publish(message);
      const pass = (): unknown => Reflect.apply(original, this, arguments);
      return message.work ? runInWork(message.work, pass) : pass();
    };
  });
}

/** What Node emits; HTTP/2 has a `connect` of its own, with a response. */
function messageOf([, request, socket, head]: ArrayLike<unknown> & Iterable<unknown>): UpgradeMessage | undefined {
  if ((request as Partial<IncomingMessage> | undefined)?.httpVersionMajor !== 1) return undefined;
  return { request: request as IncomingMessage, socket: socket as Duplex, head: head as Buffer };
}
