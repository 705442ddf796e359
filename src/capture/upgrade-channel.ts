import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Work } from '../context/work.ts';

/** A request that a server is about to hand to its listeners for `upgrade` or `connect`, with the connection. */
export interface UpgradeMessage {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What of the connection's data has come with the request. */
  readonly head: Buffer;
  /** The work in hand for the listeners, which a subscriber may say. */
  work?: Work;
  /** What is done in place of handing it over, if a subscriber says so; `serve` does that after all. */
  instead?: (serve: () => void) => void;
}

/** Ours, since Node has none: what is published before the listeners of a server that publishes its events. */
export const UPGRADE_CHANNEL = 'activity-audit.http.upgrade.1';

const upgrades = channel(UPGRADE_CHANNEL);

/** Publishes what Node emits; HTTP/2 has a `connect` of its own, with a response. */
export function publishUpgrade(request: unknown, socket: unknown, head: unknown): UpgradeMessage | undefined {
  if (!upgrades.hasSubscribers || (request as Partial<IncomingMessage> | undefined)?.httpVersionMajor !== 1)
    return undefined;
  const message = { request: request as IncomingMessage, socket: socket as Duplex, head: head as Buffer };
  upgrades.publish(message);
  return message;
}
