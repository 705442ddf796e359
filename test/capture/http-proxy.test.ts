import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';

import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { installed } from '../support/install.ts';
import { outgoingTo } from '../support/outgoing-records.ts';
import { peer } from '../support/peer.ts';
import { serve } from '../support/server.ts';

interface Undici {
  request(url: string, options: object): Promise<{ body: { text(): Promise<string> } }>;
  Client: new (origin: string) => {
    request(options: object): Promise<{ body: { text(): Promise<string> } }>;
    close(): Promise<void>;
  };
  ProxyAgent: new (options: object) => { close(): Promise<void> };
}

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;
let proxy: http.Server;
let port: number;

before(async () => {
  audit = observeAudit();
  server = await serve(peer);
  proxy = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '');
    response.end(pathname);
  });
  proxy.on('connect', (_request, socket: net.Socket) => {
    const target = net.connect(server.port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    socket.pipe(target).pipe(socket);
    for (const end of [socket, target]) end.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  ({ port } = proxy.address() as AddressInfo);
});
beforeEach(() => audit.clear());
after(async () => {
  audit.stop();
  await server.close();
  proxy.close();
  proxy.closeAllConnections();
});

/** What the record of an exchange with a URL says of who was asked. */
async function askedOf(url: string): Promise<readonly [endpoint: string, peer: string]> {
  const { service_name, request_repr } = await outgoingTo(audit, url);
  return [request_repr.endpoint, service_name];
}

describe('an exchange of node:http through a proxy', () => {
  it('is with the host of the URL that it names', async () => {
    for (const url of ['http://shop.example:81/named?a=1', 'HTTP://[::1]:82/six']) {
      const [response] = (await once(http.get({ port, path: url, agent: false }), 'response')) as [
        http.IncomingMessage,
      ];
      response.resume();
    }
    assert.deepEqual(await askedOf('/named?a=1'), ['http://shop.example:81/named?a=1', 'shop.example']);
    assert.deepEqual(await askedOf('/six'), ['HTTP://[::1]:82/six', '::1']);
  });

  it('is with the host that a tunnel goes to', async () => {
    const request = http.request({ port, method: 'CONNECT', path: 'shop.example:443', agent: false }).end();
    const [, socket] = (await once(request, 'connect')) as [unknown, net.Socket];
    const inside = http.get({ host: 'shop.example', path: '/echo', createConnection: () => socket });
    const [response] = (await once(inside, 'response')) as [http.IncomingMessage];
    await response.toArray();
    socket.destroy();
    assert.deepEqual(await askedOf('shop.example:443'), ['http://shop.example:443', 'shop.example']);
    assert.deepEqual(await askedOf('/echo'), ['http://shop.example:80/echo', 'shop.example']);
  });

  it('is with whom it is sent to where it names no host', async () => {
    const request = http.request({ port: server.port, method: 'CONNECT', path: '/echo', agent: false }).end();
    request.on('error', () => undefined);
    assert.deepEqual(await askedOf('/echo'), [`http://localhost:${server.port}/echo`, 'localhost']);
  });
});

for (const version of ['6.29.1', '7.30.2', '8.12.4']) {
  describe(`an exchange of undici ${version} through a proxy`, () => {
    let undici: Undici;
    before(async () => {
      undici = createRequire(path.join(await installed({ undici: version }), 'index.js'))('undici') as Undici;
    });

    it('is with the host of the URL that it names', async () => {
      const client = new undici.Client(`http://127.0.0.1:${port}`);
      const { body } = await client.request({ method: 'GET', path: 'http://shop.example:81/named' });
      await body.text();
      await client.close();
      assert.deepEqual(await askedOf('/named'), ['http://shop.example:81/named', 'shop.example']);
    });

    it('is with the host that a tunnel goes to', async () => {
      const dispatcher = new undici.ProxyAgent({ uri: `http://127.0.0.1:${port}`, proxyTunnel: true });
      const { body } = await undici.request('http://shop.example:81/echo', { dispatcher });
      await body.text();
      await dispatcher.close();
      assert.deepEqual(await askedOf('/echo'), ['http://shop.example:81/echo', 'shop.example']);
      assert.deepEqual(await askedOf('shop.example:81'), ['http://shop.example:81', 'shop.example']);
    });
  });
}
