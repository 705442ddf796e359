import type { Duplex } from 'node:stream';

import { type Work, currentWork, runInWork } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { shadow } from './shadow.ts';

/** What is told of a connection that a handler of upgrades has got. */
export interface SocketWatcher {
  /** The application has written some of its answer. Returns whether that was all. */
  answering(bytes: Buffer): boolean;
  closed(): void;
}

const WATCHED = Symbol.for('activity-audit.http.upgraded.1');

/** Whether a connection is being watched, by whichever copy of this package. */
export function isWatchedSocket(socket: Duplex): boolean {
  return WATCHED in socket;
}

/**
 * Lets `watcher` see the answer and the end of a connection, and has all of its events happen in `work`: Node would have
 * them happen in that of nobody, or of a request that came earlier on the connection. All is undone at the end.
 */
export function watchSocket(socket: Duplex, work: Work, watcher: SocketWatcher): void {
  Object.defineProperty(socket, WATCHED, { value: true });
  watchAnswer(socket, watcher);
  const undo = shadow(socket, 'emit', (original) => {
    return function emit(this: unknown, name: unknown) {
      if (name === 'close' && socket.destroyed) {
        undo();
        watcher.closed();
      }
      if (currentWork()?.requestId === work.requestId) return Reflect.apply(original, this, arguments);
      return runInWork(work, () => Reflect.apply(original, this, arguments));
    };
  });
}

/** Below `write` and `end`, where the stream hands on what it has taken. */
function watchAnswer(socket: Duplex, watcher: SocketWatcher): void {
  let isWhole = false;
  const see = (chunk: unknown, encoding: unknown): void => {
    if (isWhole) return;
    isWhole = guard('reading the answer to an upgrade', () => watcher.answering(bytesOf(chunk, encoding))) ?? true;
    if (isWhole) for (const step of undo) step();
  };
  const undo = [
    shadow(socket, '_write', (original) => {
      return function _write(this: unknown, chunk: unknown, encoding: unknown) {
        see(chunk, encoding);
        return Reflect.apply(original, this, arguments);
      };
    }),
  ];
  if (!(socket as { _writev?: unknown })['_writev']) return;
  undo.push(
    shadow(socket, '_writev', (original) => {
      return function _writev(this: unknown, chunks: unknown) {
        for (const { chunk, encoding } of chunks as { chunk: unknown; encoding: unknown }[]) see(chunk, encoding);
        return Reflect.apply(original, this, arguments);
      };
    }),
  );
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : Buffer.from(chunk as Uint8Array);
}
