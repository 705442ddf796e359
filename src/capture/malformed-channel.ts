import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { Work } from '../context/work.ts';

/** A request that Node can't read, has waited for in vain, or got a part of, before the listeners for `clientError` are told. */
export interface MalformedMessage {
  readonly error: MalformedError;
  readonly socket: Socket;
  /** The work in hand for the listeners, which a subscriber may say. */
  work?: Work;
}

/** What Node says: its parser of HTTP, its clock, or the connection that broke off in the middle of a head. */
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
export function publishMalformed(error: unknown, given: unknown): MalformedMessage | undefined {
  const socket = given as HttpSocket;
  if (!malformed.hasSubscribers || socket.bytesRead === 0 || !hasCode(error)) return undefined;
  if (!isOfRequest(error) && !hasBegunHead(socket)) return undefined;
  const message = { error, socket };
  malformed.publish(message);
  return message;
}

/** A connection with what reads it. */
interface HttpSocket extends Socket {
  readonly parser?: Parser | null;
}

interface Parser {
  readonly incoming?: IncomingMessage | null;
  /** Takes the end of what there is to read; returns an error where that is no good place for it. */
  finish(): unknown;
}

function hasCode(error: unknown): error is MalformedError {
  return typeof (error as { code?: unknown }).code === 'string';
}

function isOfRequest({ code }: MalformedError): boolean {
  return code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT';
}

/**
 * Whether a connection that is broken has brought a part of a head, which the parser alone knows: it has nothing else to
 * read any more. A request whose head is there knows by itself that its body isn't.
 */
function hasBegunHead({ destroyed, parser }: HttpSocket): boolean {
  if (!destroyed || !parser || parser.incoming?.complete === false) return false;
  return parser.finish() instanceof Error;
}
