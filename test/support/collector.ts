import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** What takes telemetry, as far as a client can tell: an OpenTelemetry Collector, an agent, or a service. */
export interface Collector {
  readonly url: string;
  /** The bodies that came for a path, unpacked. */
  received(path: string): Buffer[];
  close(): void;
}

/** Starts a {@link Collector} on a free port of this machine. */
export async function collect(): Promise<Collector> {
  const requests: { readonly path: string; readonly body: Buffer }[] = [];
  const server = http.createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const body = Buffer.concat(chunks);
      const isPacked = request.headers['content-encoding'] === 'gzip';
      requests.push({ path: request.url ?? '', body: isPacked ? gunzipSync(body) : body });
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: (path) => requests.filter((one) => one.path === path).map(({ body }) => body),
    close: () => server.close(),
  };
}
