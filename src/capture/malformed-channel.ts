import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

import type { Work } from '../context/work.ts';

/** A request that Node can't read, or has waited for in vain, before the listeners for `clientError` are told. */
export interface MalformedMessage {
  readonly error: MalformedError;
  readonly socket: Socket;
  /** The work in hand for the listeners, which a subscriber may say. */
  work?: Work;
}

/** What Node's parser of HTTP says. */
export interface MalformedError extends Error {
  readonly code: string;
  /** What came last: of this request, of those before it, of any of them a part. Nothing after a time-out. */
  readonly rawPacket?: Buffer;
  /** How much of it could be read. */
  readonly bytesParsed?: number;
}

/** Ours, since Node has none: what is published before the listeners of a server that publishes its events. */
export const MALFORMED_CHANNEL = 'activity-audit.http.malformed.1';

const malformed = channel(MALFORMED_CHANNEL);

/** Publishes what Node emits, unless it tells of a connection alone: that was reset, has no TLS, or stayed silent. */
export function publishMalformed(error: unknown, socket: unknown): MalformedMessage | undefined {
  if (!malformed.hasSubscribers || !isOfRequest(error) || (socket as Partial<Socket>).bytesRead === 0) return undefined;
  const message = { error, socket: socket as Socket };
  malformed.publish(message);
  return message;
}

function isOfRequest(error: unknown): error is MalformedError {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && (code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT');
}
