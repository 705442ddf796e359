import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const file = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../fixtures/tls', `${name}.pem`), 'utf8');

/** Signed by itself: trusted by who takes it for an authority. */
export const certificate: string = file('certificate');

/** What a server needs for TLS. */
export const identity = { key: file('key'), cert: certificate };

/** Serves `handler` over TLS, on a free port of this machine. */
export async function serveTls(handler: http.RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server = https.createServer(identity, handler);
  return { url: `https://localhost:${await listening(server)}`, close: () => closed(server) };
}

/** The URL of a port at which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/**
 * A peer for clients: `/echo` answers the body that it got, `/seen` all that it got, `/length` when it got it, `/gzip` in gzip, `/big` three million bytes, `/moved` redirects to `/echo`, `/half` breaks
 * off in the body, `/hints` sends a head before the head, `/trailers` one after the body, `/reset` before the head, `/slow` never ends its body, `/silent` never answers, any number answers
 * with that status.
 */
export const peer: http.RequestListener = (request, response) => {
  const [, name = ''] = /^\/(\w*)/.exec(request.url ?? '') ?? [];
  if (name === 'echo') {
    response.setHeader('Content-Type', request.headers['content-type'] ?? 'text/plain');
    request.pipe(response);
    return;
  }
  if (name === 'seen') {
    void request.toArray().then((chunks: Buffer[]) => {
      const { method, url, rawHeaders } = request;
      response.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString() }));
    });
    return;
  }
  request.resume();
  if (name === 'length') request.on('end', () => response.end('got'));
  else if (name === 'gzip') response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('zipped'));
  else if (name === 'big') request.on('end', () => response.end(Buffer.alloc(3_000_000, 'a')));
  else if (name === 'moved') response.writeHead(302, { Location: '/echo', 'Content-Length': 5 }).end('moved');
  else if (name === 'half') {
    response.writeHead(200, { 'Content-Length': 100, 'Content-Type': 'text/plain' });
    response.write('half');
    request.on('end', () => setImmediate(() => response.destroy()));
  } else if (name === 'hints')
    response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('hinted'));
  else if (name === 'trailers') {
    response.writeHead(200, { Trailer: 'X-T' }).write('body');
    response.addTrailers({ 'X-T': 'end' });
    response.end();
  } else if (name === 'reset') response.destroy();
  else if (name === 'slow') response.writeHead(200, { 'Content-Type': 'text/plain' }).write('slow');
  else if (/^\d+$/.test(name)) response.writeHead(Number(name)).end();
};

/** Serves {@link peer}, and takes every upgrade. */
export async function servePeer(): Promise<{ url: string; close(): Promise<void> }> {
  const server = http.createServer(peer).on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  return { url: `http://127.0.0.1:${await listening(server)}`, close: () => closed(server) };
}

async function listening(server: http.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closed(server: http.Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
