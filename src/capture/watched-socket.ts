import type { Duplex } from 'node:stream';

import { type Work, currentWork, isSameRequest, runInWork } from '../context/work.ts';
import { guard } from '../event/guard.ts';
import { define } from './define.ts';
import { shadow } from './shadow.ts';

/** What is told of an answer that is written to a connection itself, with no response in between. */
export interface AnswerWatcher {
  /** Some of it was written. Returns whether no more needs to be told. */
  answering(bytes: Buffer): boolean;
}

/** What is told of such a connection. */
export interface SocketWatcher extends AnswerWatcher {
  closed(): void;
}

const WORK = Symbol.for('activity-audit.http.connection-work.1');

interface WorkedConnection {
  [WORK]?: Work;
}

/**
 * Lets `watcher`, if there is one, see the answer and the end of a connection. All is undone at the end.
 *
 * @param work where all events of the connection are to happen from now on: those of one that was handed over would happen
 *   in the work of nobody, or of a request that came earlier
 */
export function watchSocket(socket: Duplex, watcher: SocketWatcher | undefined, work?: Work): void {
  if (work) define(socket, WORK, work, false);
  if (watcher) watchAnswer(socket, watcher);
  const undo = shadow(socket, 'emit', (original) => {
    return function emit(this: unknown, name: unknown) {
      if (name === 'close' && socket.destroyed) {
        undo();
        watcher?.closed();
      }
      const { [WORK]: inHand } = socket as WorkedConnection;
      if (!inHand || isSameRequest(currentWork(), inHand)) return Reflect.apply(original, this, arguments);
      return runInWork(inHand, () => Reflect.apply(original, this, arguments));
    };
  });
}

/** Lets `watcher` see an answer below `write` and `end`, where the stream hands on what it has taken. */
export function watchAnswer(socket: Duplex, watcher: AnswerWatcher): void {
  let isWhole = false;
  const see = (chunk: unknown, encoding: unknown): void => {
    if (isWhole) return;
    isWhole = guard('reading the answer on a connection', () => watcher.answering(bytesOf(chunk, encoding))) ?? true;
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
