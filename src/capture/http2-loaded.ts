import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { ClientHttp2Session, ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';

import { guard } from '../event/guard.ts';

/** Classes of Node's HTTP/2, which it doesn't export, by their prototypes. */
interface Http2Classes {
  readonly serverSession: ServerHttp2Session;
  readonly clientSession: ClientHttp2Session;
}

/**
 * Calls `use` once the application has loaded `node:http2`, by `require` or `import`, and connects or gets a connection:
 * before the first stream on it. An application that has no use for HTTP/2 never loads it, which would cost its start
 * several milliseconds.
 */
export function onHttp2Loaded(use: Use): void {
  if (waiting.size === 0) for (const name of CHANNELS) subscribe(name, look);
  waiting.add(use);
  if (found || isLoaded()) useAll();
}

type Use = (classes: Http2Classes) => void;

const waiting = new Set<Use>();

function look(_message: unknown, channel: string | symbol): void {
  if (STREAM_CHANNELS.includes(channel) || isLoaded()) useAll();
}

function useAll(): void {
  for (const name of CHANNELS) unsubscribe(name, look);
  for (const use of waiting) guard('watching HTTP/2', () => use((found ??= findClasses())));
  waiting.clear();
}

/** Those of streams, where Node has them, also tell of sessions over something else than Node's connections. */
const STREAM_CHANNELS: readonly (string | symbol)[] = ['http2.server.stream.created', 'http2.client.stream.created'];
const CHANNELS = [...STREAM_CHANNELS, 'net.server.socket', 'net.client.socket'];

let found: Http2Classes | undefined;

/** Node lists its own modules as they are loaded; of a list this long, each connection looks at what is new alone. */
let lookedAt = 0;

function isLoaded(): boolean {
  const { moduleLoadList = [] } = process as { readonly moduleLoadList?: readonly string[] };
  const from = lookedAt;
  lookedAt = moduleLoadList.length;
  return moduleLoadList.includes('NativeModule http2', from);
}

/** Of sessions over connections that never are: nothing is opened, and they are garbage at once. */
function findClasses(): Http2Classes {
  const http2 = process.getBuiltinModule('node:http2');
  return {
    serverSession: Object.getPrototypeOf(http2.performServerHandshake(unconnected())) as ServerHttp2Session,
    clientSession: Object.getPrototypeOf(
      http2.connect('http://localhost', { createConnection: unconnected }),
    ) as ClientHttp2Session,
  };
}

function unconnected(): Duplex {
  return Object.assign(new EventEmitter(), { _handle: { isStreamBase: true }, connecting: true }) as unknown as Duplex;
}
