import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** Stands in for an OpenTelemetry Collector: takes what exporters post, and keeps it as text. */
export async function serveCollector(): Promise<{ url: string; received: () => string; close(): Promise<void> }> {
  let received = '';
  const server = http.createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      received += `${Buffer.concat(chunks).toString()}\n`;
      response.writeHead(200, { 'Content-Type': request.headers['content-type'] ?? '' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
