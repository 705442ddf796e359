import { channel, subscribe } from 'node:diagnostics_channel';

import { guard } from '../event/guard.ts';
import { define } from './define.ts';
import { patchSent } from './http-patch.ts';
import { patch } from './patch.ts';
import { once } from './once.ts';

/**
 * The channel that tells of each request of Node's HTTP client while it is being created. Node has one since 22.12.
 * Before, we publish on one of our own from the first of Node's methods that a new request goes through.
 *
 * Those are patched a moment after the start, or with the first connection, since Node's HTTP client would cost 5 ms at
 * the start of a process that has no use for it. A request by TLS in this first moment is told of when it has been sent,
 * which is too late for its body: the record says how long that was, and that it is cut.
 */
export function httpCreatedChannel(): string {
  if (hasChannel(process.versions.node)) return 'http.client.request.created';
  setTimeout(publishOnce, FIRST_MOMENT_MS).unref();
  subscribe('net.client.socket', publishOnce);
  subscribe('http.client.request.start', (message) => {
    publishOnce();
    publish((message as { request: object }).request);
  });
  return OURS;
}

/** Shorter than an application takes to load; longer than a process that does nothing lasts. */
const FIRST_MOMENT_MS = 10;

const OURS = 'activity-audit.http.client.request.created.1';
const PUBLISHED = Symbol.for('activity-audit.http.published.1');

function hasChannel(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

const publishOnce = once(() => {
  guard('watching outgoing requests', publishAlways);
});

function publishAlways(): void {
  const { Agent, ClientRequest } = process.getBuiltinModule('node:http');
  if (PUBLISHED in ClientRequest.prototype) return;
  define(ClientRequest.prototype, PUBLISHED, false, false);
  // First, so that what we put over it has told of a request before its first chunk passes.
  patchSent(ClientRequest.prototype);

  patch(Agent.prototype, 'addRequest', (original) => {
    return function addRequest(this: unknown, request: object, _options: unknown, _port: unknown, _address: unknown) {
      // It throws where a connection can't even be tried: the application never gets such a request.
      const result = Reflect.apply(original, this, arguments);
      publish(request);
      return result;
    };
  });
  patch(ClientRequest.prototype, 'onSocket', (original) => {
    return function onSocket(this: object, _socket: unknown, _error: unknown) {
      publish(this);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(ClientRequest.prototype, 'write', (original) => {
    return function write(this: object, _chunk: unknown, _encoding: unknown, _callback: unknown) {
      publish(this);
      return Reflect.apply(original, this, arguments);
    };
  });
  patch(ClientRequest.prototype, 'end', (original) => {
    return function end(this: object, _chunk: unknown, _encoding: unknown, _callback: unknown) {
      publish(this);
      return Reflect.apply(original, this, arguments);
    };
  });
}

const created = channel(OURS);

function publish(request: { [PUBLISHED]?: boolean }): void {
  if (request[PUBLISHED]) return;
  define(request, PUBLISHED, true, false);
  if (created.hasSubscribers) created.publish({ request });
}
