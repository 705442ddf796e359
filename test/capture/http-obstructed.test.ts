import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, it } from 'node:test';

import { currentActor, setActor } from '../../src/context/actor.ts';
import { type Obstacle, closeGate } from '../../src/event/obstacle.ts';
import { type Incoming, audit, port, server, start, stop } from '../support/audited-server.ts';
import { send, sendRaw } from '../support/server.ts';

let open: (() => void) | undefined;

afterEach(() => {
  open?.();
  stop();
});

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function deferred<T = void>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => undefined;
  const promise = new Promise<T>((resolveIt) => void (resolve = resolveIt));
  return { promise, resolve };
}

const REASON = 'ENOSPC: no space left on device, write';

/** Puts an obstacle before the API's records, until the test ends or `open` is called. */
function obstruct(obstacle: Obstacle): void {
  open = closeGate((stream) => (stream === 'api' ? obstacle : undefined));
}

/** An obstacle that passes when `pass` is called, and tells when something begins to wait for that. */
function passing(): { obstacle: Obstacle; pass: () => void; waited: Promise<void> } {
  const passed = deferred();
  const asked = deferred();
  const obstacle = {
    reason: REASON,
    passed(): Promise<void> {
      asked.resolve();
      return passed.promise;
    },
  };
  return { obstacle, pass: () => passed.resolve(), waited: asked.promise };
}

function recordOf(path: string): Promise<Incoming> {
  return audit.waitFor<Incoming>((record) => (record as Incoming).request_repr?.path === path, 5000);
}

/** Answers with what it got, and lists the paths that it was asked for. */
function listing(): { app: http.Server; asked: string[] } {
  const asked: string[] = [];
  const app = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (text: string) => void (body += text));
    request.on('end', () => response.end(`${request.url} ${body}`));
  });
  return { app, asked };
}

const CHANNEL = 'http.server.request.start';

/** Resolves when the server has got the next request, which may be held. */
function arrived(on: http.Server): Promise<void> {
  const { promise, resolve } = deferred();
  const look = (message: unknown): void => {
    if ((message as { server: unknown }).server !== on) return;
    unsubscribe(CHANNEL, look);
    resolve();
  };
  subscribe(CHANNEL, look);
  return promise;
}

describe('a request whose record can not be written, and that is refused', () => {
  it('is answered with 503, and never given to the application', async () => {
    const { app, asked } = listing();
    await start(app);
    obstruct({ reason: REASON });
    const { status, headers, body } = await send(port, { path: '/a', method: 'POST' }, 'some', 'body');
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '1');
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(headers['content-length'], String(body.length));
    assert.equal(body.toString(), 'The audit trail is not available\n');
    assert.deepEqual(asked, []);
    const { outcome, error_message: error, response_repr: response, request_repr: request } = await recordOf('/a');
    assert.equal(outcome, 'failure');
    assert.equal(error, `The audit trail was not available: ${REASON}`);
    assert.equal(response?.status_code, 503);
    assert.equal(request.method, 'POST');
  });

  it('leaves the connection to the next one, and the server as it was', async () => {
    const { app, asked } = listing();
    await start(app);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    await send(port, { path: '/before', agent });
    const own = Object.getOwnPropertyDescriptors(server);
    obstruct({ reason: REASON });
    assert.equal((await send(port, { path: '/refused', method: 'POST', agent }, 'x'.repeat(200_000))).status, 503);
    assert.equal((await send(port, { path: '/head', method: 'HEAD', agent })).status, 503);
    open?.();
    assert.equal((await send(port, { path: '/after', agent })).body.toString(), '/after ');
    assert.deepEqual(asked, ['/before', '/after']);
    assert.equal(Object.getOwnPropertyDescriptor(server, 'emit')?.value, own['emit']?.value);
    agent.destroy();
  });

  it('is served where it is not recorded', async () => {
    const { app } = listing();
    await start(app, { ignorePaths: ['/health'], ignoreIncomingRequestHook: ({ url }) => url === '/hook' });
    obstruct({ reason: REASON });
    assert.equal((await send(port, { path: '/health' })).status, 200);
    assert.equal((await send(port, { path: '/hook' })).status, 200);
    assert.equal((await send(port, { path: '/else' })).status, 503);
  });

  it('is refused before it may continue, where the application listens for that', async () => {
    const { app, asked } = listing();
    app.on('checkContinue', () => asked.push('checkContinue'));
    app.on('checkExpectation', () => asked.push('checkExpectation'));
    await start(app);
    obstruct({ reason: REASON });
    for (const expect of ['100-continue', 'more'])
      assert.equal((await send(port, { path: '/', method: 'POST', headers: { expect } }, 'x')).status, 503);
    assert.deepEqual(asked, []);
  });

  it('is left to Node where that answers by itself, and so is the next one', async () => {
    const { app, asked } = listing();
    await start(app);
    obstruct({ reason: REASON });
    await send(port, { path: '/' });
    const own = Object.getOwnPropertyDescriptor(server, 'emit');
    assert.equal((await send(port, { path: '/', headers: { expect: 'more' } })).status, 417);
    assert.deepEqual(Object.getOwnPropertyDescriptor(server, 'emit'), own);
    open?.();
    await send(port, { path: '/next' });
    assert.deepEqual(asked, ['/next']);
    app.maxRequestsPerSocket = 1;
    let dropped = 0;
    app.on('dropRequest', () => void (dropped += 1));
    obstruct({ reason: REASON });
    const two = 'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n';
    const count = (text: string): number => text.match(/^HTTP\/1\.1 503 /gm)?.length ?? 0;
    assert.equal(count(await sendRaw(port, two, (text) => count(text) === 2)), 2);
    assert.equal(dropped, 1);
  });

  it('calls through what the application has put over emit', async () => {
    const { app } = listing();
    const seen: unknown[] = [];
    const emit = app.emit.bind(app) as (...args: unknown[]) => boolean;
    app.emit = (...args: unknown[]): boolean => {
      seen.push(args[0]);
      return emit(...args);
    };
    await start(app);
    await send(port, { path: '/a' });
    const { obstacle, pass, waited } = passing();
    obstruct(obstacle);
    const reply = send(port, { path: '/held' });
    await waited;
    pass();
    assert.equal((await reply).status, 200);
    open?.();
    assert.equal(seen.filter((name) => name === 'request').length, 2);
  });

  it('is refused as a WebSocket or a tunnel, too', async () => {
    const { app } = listing();
    let handed = 0;
    app.on('upgrade', () => void (handed += 1));
    app.on('connect', () => void (handed += 1));
    await start(app);
    obstruct({ reason: REASON });
    for (const head of ['GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket', 'CONNECT shop:443 HTTP/1.1']) {
      const answer = await sendRaw(port, `${head}\r\nHost: x\r\n\r\n`, () => false);
      assert.match(
        answer,
        /^HTTP\/1\.1 503 Service Unavailable\r\nretry-after: 1\r\n[^]*\r\n\r\nThe audit trail is not/,
      );
    }
    assert.equal(handed, 0);
    const { outcome, error_message: error, response_repr: response } = await recordOf('/ws');
    assert.equal(outcome, 'failure');
    assert.equal(error, `The audit trail was not available: ${REASON}`);
    assert.equal(response?.status_code, 503);
  });
});

describe('a request whose record can not be written, and that may wait', () => {
  it('is held with its body, and served as if it had just come', async () => {
    const work = new AsyncLocalStorage<string>();
    const app = http.createServer((request, response) => {
      setActor({ id: 7 });
      let body = '';
      request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
      request.on('end', () => response.end(`${body} ${currentActor().id} ${work.getStore()}`));
    });
    await start(app);
    const { obstacle, pass, waited } = passing();
    obstruct(obstacle);
    const reply = send(port, { path: '/held', method: 'POST' }, 'all of ', 'the body');
    await waited;
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    assert.deepEqual(audit.requests, []);
    pass();
    assert.equal((await reply).body.toString(), 'all of the body 7 undefined');
    const { outcome, user_id: user, error_message: error, request_repr: request } = await recordOf('/held');
    assert.deepEqual([outcome, user, error, request.body], ['success', '7', null, 'all of the body']);
  });

  it('keeps its place on its connection, also before one that came when the obstacle was gone', async () => {
    const { app, asked } = listing();
    await start(app);
    const { obstacle, pass, waited } = passing();
    obstruct(obstacle);
    const agent = net.connect(port, '127.0.0.1');
    let received = '';
    agent.setEncoding('latin1').on('data', (text: string) => void (received += text));
    agent.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await waited;
    open?.();
    const other = arrived(app);
    agent.write('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
    await other;
    assert.equal((await send(port, { path: '/elsewhere' })).status, 200);
    assert.deepEqual(asked, ['/elsewhere']);
    pass();
    while (!received.includes('/2 ')) await once(agent, 'data');
    assert.deepEqual(asked, ['/elsewhere', '/1', '/2']);
    agent.destroy();
  });

  it('is not served where the client has gone meanwhile', async () => {
    const { app, asked } = listing();
    await start(app);
    const { obstacle, pass, waited } = passing();
    obstruct(obstacle);
    const socket = net.connect(port, '127.0.0.1');
    socket.write('POST /gone HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    await waited;
    socket.resetAndDestroy();
    assert.equal((await recordOf('/gone')).outcome, 'failure');
    pass();
    open?.();
    await send(port, { path: '/next' });
    assert.deepEqual(asked, ['/next']);
  });

  it('throws what the application throws at nobody', async () => {
    const app = http.createServer(() => {
      throw new Error('of the application');
    });
    await start(app);
    const { obstacle, pass, waited } = passing();
    obstruct(obstacle);
    const thrown = deferred<string>();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error, origin) => thrown.resolve(`${error.message}: ${origin}`));
    const reply = send(port, { path: '/throws' }).catch(() => undefined);
    await waited;
    pass();
    assert.equal(await thrown.promise, 'of the application: uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    server.closeAllConnections();
    await reply;
  });

  it('is held as a WebSocket, with what the client has sent by then', async () => {
    const app = http.createServer().on('upgrade', (_request, socket: Duplex, head: Buffer) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${head.toString()}`);
      socket.pipe(socket);
    });
    await start(app);
    const { obstacle, pass, waited } = passing();
    obstruct(obstacle);
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => void (received += text));
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\none ');
    await waited;
    socket.write('two');
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    assert.equal(received, '');
    pass();
    while (!received.endsWith('one two')) await once(socket, 'data');
    socket.end();
    assert.equal((await recordOf('/ws')).outcome, 'success');
  });

  it('ends nothing where the client of a WebSocket that is held breaks off', async () => {
    const handed: unknown[] = [];
    const app = http.createServer().on('upgrade', (request) => handed.push(request.url));
    await start(app);
    const { obstacle, pass, waited } = passing();
    obstruct(obstacle);
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET /broken HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await waited;
    socket.resetAndDestroy();
    assert.equal((await recordOf('/broken')).outcome, 'failure');
    pass();
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    assert.deepEqual(handed, []);
  });
});
