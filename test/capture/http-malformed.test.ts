import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, it } from 'node:test';
import tls from 'node:tls';

import { currentActor, setActor } from '../../src/context/actor.ts';
import { currentWork } from '../../src/context/work.ts';
import { type Incoming, audit, observe, port, server, start, stop } from '../support/audited-server.ts';
import { identity } from '../support/peer.ts';
import { sendRaw } from '../support/server.ts';

afterEach(stop);

const failed = (): Promise<Incoming> => audit.waitFor<Incoming>(({ outcome }) => outcome === 'failure', 5000);

/** Sends bytes and gives what came back until the connection was closed. */
const answerTo = (bytes: string | Buffer): Promise<string> => sendRaw(port, bytes, () => false);

/** Sends what is answered and what isn't, and resets the connection once the server has read all of it. */
async function resetAfter(good: string, rest: string): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  const [[connection]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [net.Socket],
    [],
  ];
  socket.write(good);
  if (good) await once(socket, 'data');
  socket.write(rest);
  while (connection.bytesRead < good.length + rest.length) await new Promise(setImmediate);
  socket.resetAndDestroy();
  await new Promise((resolve) => connection.on('close', resolve));
}

const answering = (): http.Server =>
  http.createServer((request, response) => request.on('end', () => response.end('ok')).resume());

const GET = 'GET /good HTTP/1.1\r\nHost: x\r\n\r\n';
const CHUNKED = 'POST /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('a malformed request', () => {
  it('is recorded with what Node found and answered, and with nothing that may be a secret', async () => {
    await start(answering());
    const received = await answerTo(
      'GET /users?token=very-secret&page=2 HTTP/1.1\r\nAuthorization: Bearer very-secret\r\nHost x\r\n\r\nvery-secret',
    );
    assert.match(received, /^HTTP\/1.1 400 Bad Request/);
    const record = await failed();
    assert.equal(record.message, 'Audit Internal Request');
    assert.equal(record.protocol, 'http');
    assert.equal(record.error_message, 'Parse Error: Invalid header token (HPE_INVALID_HEADER_TOKEN)');
    assert.deepEqual(record.request_repr, {
      method: 'GET',
      path: '/users',
      query_params: { token: '[REDACTED]', page: '2' },
      headers: {},
      user: null,
    });
    assert.deepEqual(record.response_repr, { status_code: 400, headers: { Connection: 'close' } });
    assert.deepEqual([record.request_size, record.response_size], [0, 0]);
    assert.deepEqual([record.actor_id, record.actor_type, record.user_id], ['anonymous', 'user', '']);
    assert.equal(record.client_address, '127.0.0.1');
    assert.match(String(record.request_id), /^[\da-f-]{36}$/);
    assert.doesNotMatch(JSON.stringify(record), /very-secret/);
    assert.equal(audit.requests.length, 1);
  });

  const cases: [name: string, bytes: string | Buffer, code: string, line: [string, string], status?: number][] = [
    ['that is none', 'NONSENSE\r\n\r\n', 'HPE_INVALID_METHOD', ['_OTHER', '']],
    ['with a method that is none', 'SECRET /x HTTP/1.1\r\nHost: x\r\n\r\n', 'HPE_INVALID_METHOD', ['_OTHER', '/x']],
    ['of a version that is none', 'GET /x HTTP/3.1\r\nHost: x\r\n\r\n', 'HPE_INVALID_VERSION', ['GET', '/x']],
    ['with a space in its path', 'GET /x y HTTP/1.1\r\nHost: x\r\n\r\n', 'HPE_INVALID_CONSTANT', ['_OTHER', '']],
    ['by TLS', Buffer.from('16030100f8010000f40303', 'hex'), 'HPE_INVALID_METHOD', ['_OTHER', '']],
    ['by HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HPE_PAUSED_H2_UPGRADE', ['_OTHER', '']],
    [
      'with two lengths',
      'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
      'HPE_INVALID_TRANSFER_ENCODING',
      ['POST', '/x'],
    ],
    [
      'with headers that are too long',
      `GET /x HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
      'HPE_HEADER_OVERFLOW',
      ['GET', '/x'],
      431,
    ],
    [
      'behind a body',
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nokleft${GET}`,
      'HPE_INVALID_METHOD',
      ['_OTHER', '/good'],
    ],
  ];
  for (const [name, bytes, code, [method, path], status = 400] of cases) {
    it(`${name} is recorded`, async () => {
      await start(answering());
      const received = await answerTo(bytes);
      const record = await audit.waitFor<Incoming>(
        (one) => String((one as Incoming).error_message).includes(code),
        5000,
      );
      assert.deepEqual([record.request_repr.method, record.request_repr.path], [method, path]);
      if (name !== 'behind a body') assert.match(received, new RegExp(`^HTTP/1.1 ${status} `));
      if (name !== 'behind a body') assert.equal(record.response_repr.status_code, status);
      assert.equal(record.outcome, 'failure');
    });
  }

  it('that ends in its head is recorded', async () => {
    await start(answering());
    const socket = net.connect(port, '127.0.0.1').resume();
    socket.end('GET /half HTTP/1.1\r\nHo');
    await once(socket, 'close');
    const { error_message, response_repr, request_repr } = await failed();
    assert.deepEqual(
      [error_message, response_repr.status_code],
      ['The connection was closed before the request was complete (HPE_INVALID_EOF_STATE)', 400],
    );
    assert.deepEqual([request_repr.method, request_repr.path], ['_OTHER', '']);
  });

  for (const [when, before] of [
    ['at once', ''],
    ['after a good one', GET],
  ] as const) {
    it(`whose connection is reset in the middle of its head, ${when}, is recorded`, async () => {
      await start(answering());
      await resetAfter(before, 'GET /half HTTP/1.1\r\nHo');
      const { error_message, response_repr, request_repr } = await failed();
      assert.equal(error_message, 'The connection broke off before the request was complete (ECONNRESET)');
      assert.equal(response_repr.status_code, undefined);
      assert.deepEqual([request_repr.method, request_repr.path], ['_OTHER', '']);
      assert.equal(audit.requests.length, before ? 2 : 1);
    });
  }

  it('is none where a connection is reset before its head, or in its body', async () => {
    await start(answering());
    const upload = 'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf';
    for (const rest of ['', '\r\n', upload]) await resetAfter(GET, rest);
    const record = await audit.waitFor<Incoming>((one) => (one as Incoming).request_repr.path === '/upload');
    assert.equal(record.error_message, 'The connection was closed before the response was sent');
    assert.equal(audit.requests.length, 4);
  });

  it('over TLS is https', async () => {
    await start(https.createServer(identity));
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).resume();
    socket.write('GET /x HTTP/1.1\r\nHost x\r\n\r\n');
    await once(socket, 'close');
    const { protocol, response_repr, response_size } = await failed();
    assert.deepEqual([protocol, response_repr.status_code, response_size], ['https', 400, 0]);
  });

  it('has the status and the size of what the application answers in its stead', async () => {
    const own = answering().on('clientError', (_error, socket: Duplex) => {
      socket.end('HTTP/1.1 418 Teapot\r\nX-Mine: yes\r\nSet-Cookie: very-secret\r\n\r\nshort and stout');
    });
    await start(own);
    assert.match(await answerTo('NONSENSE\r\n\r\n'), /stout$/);
    const { response_repr, response_size } = await failed();
    assert.equal(response_repr.status_code, 418);
    assert.deepEqual(response_repr.headers, { 'X-Mine': 'yes', 'Set-Cookie': '[REDACTED]' });
    assert.equal(response_size, 15);
  });

  it('has no status where nothing was answered', async () => {
    await start(answering().on('clientError', (_error, socket: Duplex) => socket.destroy()));
    assert.equal(await answerTo('NONSENSE\r\n\r\n'), '');
    assert.equal((await failed()).response_repr.status_code, undefined);
  });

  it('is recorded once, however often the application is told', async () => {
    let told = 0;
    const own = answering().on('clientError', (_error, socket: Duplex) => {
      told += 1;
      if (told === 2) socket.end('HTTP/1.1 400 Twice\r\n\r\n');
    });
    await start(own);
    const socket = net.connect(port, '127.0.0.1').resume();
    socket.write('NONSENSE\r\n\r\n');
    await once(own, 'clientError');
    socket.write('NONSENSE\r\n\r\n');
    await once(socket, 'close');
    assert.equal((await failed()).response_repr.status_code, 400);
    assert.deepEqual([told, audit.requests.length], [2, 1]);
  });

  it('after a good one on the same connection is nobody, and leaves the good one as it is', async () => {
    const named = http.createServer((_request, response) => {
      setActor('ann');
      response.end('ok');
    });
    await start(named);
    const socket = net.connect(port, '127.0.0.1');
    socket.write(GET);
    await once(socket, 'data');
    socket.resume().write('GET /bad HTTP/1.1\r\nHost x\r\n\r\n');
    await once(socket, 'close');
    const bad = await failed();
    const good = audit.requests.find(({ outcome }) => outcome === 'success') as Incoming;
    assert.deepEqual([good.request_repr.path, good.actor_id], ['/good', 'ann']);
    assert.deepEqual([bad.request_repr.path, bad.actor_id, bad.response_repr.status_code], ['/bad', 'anonymous', 400]);
    assert.notEqual(good.request_id, bad.request_id);
    assert.equal(audit.requests.length, 2);
  });

  it('behind one that waits for its answer is the one that was answered', async () => {
    await start(http.createServer(() => undefined));
    assert.match(await answerTo(`${GET}GET /bad HTTP/1.1\r\nHost x\r\n\r\n`), /^HTTP\/1.1 400/);
    const bad = await audit.waitFor<Incoming>((record) => (record as Incoming).request_repr.path === '/bad', 5000);
    const good = await audit.waitFor<Incoming>((record) => (record as Incoming).request_repr.path === '/good', 5000);
    assert.equal(bad.response_repr.status_code, 400);
    assert.equal(good.response_repr.status_code, undefined);
    assert.match(String(good.error_message), /closed before/);
  });

  it('behind one that is answered later has nothing of that answer', async () => {
    const waiting: http.ServerResponse[] = [];
    await start(
      http
        .createServer((_request, response) => void waiting.push(response))
        .on('clientError', () => waiting[0]?.end('to the good one'))
        .on('connection', (connection: net.Socket) => connection.setTimeout(50, () => connection.destroy())),
    );
    assert.match(await answerTo(`${GET}NONSENSE\r\n\r\n`), /^HTTP\/1\.1 200 [^]*to the good one$/);
    const { response_repr, response_size } = await failed();
    assert.deepEqual([response_repr.status_code, response_repr.headers, response_size], [undefined, {}, 0]);
    const good = await audit.waitFor<Incoming>((record) => (record as Incoming).request_repr.path === '/good');
    assert.deepEqual([good.response_repr.status_code, good.response_size], [200, 15]);
  });

  it('is in its own work for the listeners of the server', async () => {
    const works: unknown[] = [];
    const own = http
      .createServer((_request, response) => {
        setActor('ann');
        response.end('ok');
      })
      .on('clientError', (_error, socket: Duplex) => {
        works.push(currentActor().id, currentWork()?.requestId);
        socket.destroy();
      });
    await start(own);
    await answerTo(`${GET}NONSENSE\r\n\r\n`);
    const { request_id } = await failed();
    assert.deepEqual(works, ['anonymous', request_id]);
  });

  it('that came in time no more is recorded with 408, and a connection that stays silent is not', async () => {
    const options = { headersTimeout: 40, requestTimeout: 40, connectionsCheckingInterval: 10 };
    await start(http.createServer(options, (_request, response) => response.end('ok')));
    assert.match(await answerTo(''), /^HTTP\/1.1 408/);
    assert.match(await answerTo('GET /late HTTP/1.1\r\nHo'), /^HTTP\/1.1 408/);
    const { error_message, response_repr } = await failed();
    assert.deepEqual([error_message, response_repr.status_code], ['Request timeout (ERR_HTTP_REQUEST_TIMEOUT)', 408]);
    assert.equal(audit.requests.length, 1);
  });

  it('is none where a connection is reset, or has no TLS', async () => {
    await start(answering().on('clientError', (_error, socket: Duplex) => socket.destroy()));
    const socket = net.connect(port, '127.0.0.1');
    socket.write(GET);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await once(server, 'clientError');
    assert.equal(audit.requests.length, 1);
    audit.stop();
    server.close();

    await start(https.createServer(identity).on('clientError', (_error, connection: Duplex) => connection.destroy()));
    await answerTo(GET);
    assert.equal(audit.requests.length, 0);
  });

  it('is not recorded while recording is off, and is again when it is on', async () => {
    await start(answering());
    audit.stop();
    await answerTo('NONSENSE\r\n\r\n');
    assert.equal(audit.requests.length, 0);
    observe();
    await answerTo('NONSENSE\r\n\r\n');
    await failed();
    assert.equal(audit.requests.length, 1);
  });

  it('leaves the counts of listeners and the keys of the server as they are', async () => {
    const own = answering();
    await start(own);
    const before = [own.eventNames(), Object.keys(own)];
    await answerTo('NONSENSE\r\n\r\n');
    await failed();
    assert.deepEqual([own.eventNames(), Object.keys(own)], before);
    assert.equal(own.listenerCount('clientError'), 0);
  });
});

describe('a request with a malformed body', () => {
  it('is recorded once, with what was read of it and what Node answered', async () => {
    await start(answering());
    assert.match(await answerTo(`${CHUNKED}3\r\nabc\r\nzz\r\n`), /^HTTP\/1.1 400/);
    const record = await failed();
    assert.deepEqual([record.request_repr.method, record.request_repr.path], ['POST', '/chunks']);
    assert.equal(record.request_repr.headers['Host'], 'x');
    assert.deepEqual(
      [record.request_repr.body, record.request_repr.body_truncated, record.request_size],
      ['abc', true, 3],
    );
    assert.equal(record.error_message, 'Parse Error: Invalid character in chunk size (HPE_INVALID_CHUNK_SIZE)');
    assert.deepEqual(record.response_repr, { status_code: 400, headers: { Connection: 'close' } });
    assert.equal(audit.requests.length, 1);
  });

  it('has the status of its response where that has begun', async () => {
    const early = http.createServer((request, response) => {
      response.writeHead(202).write('begun');
      request.resume();
    });
    await start(early.on('clientError', (_error, socket: Duplex) => socket.end('HTTP/1.1 400 Bad\r\n\r\n')));
    const socket = net.connect(port, '127.0.0.1').resume();
    socket.write(CHUNKED);
    await once(socket, 'data');
    socket.write('zz\r\n');
    const { response_repr, error_message, response_size } = await failed();
    assert.match(String(error_message), /HPE_INVALID_CHUNK_SIZE/);
    assert.deepEqual([response_repr.status_code, response_size], [202, 5]);
    assert.equal(audit.requests.length, 1);
  });

  it('has what the application answers on the connection, in the work of the request', async () => {
    const works: unknown[] = [];
    const own = http
      .createServer((request) => {
        request.resume();
        setActor('ann');
      })
      .on('clientError', (_error, socket: Duplex) => {
        works.push(currentActor().id, currentWork()?.requestId);
        socket.end('HTTP/1.1 422 Bad\r\n\r\nbad');
      });
    await start(own);
    const socket = net.connect(port, '127.0.0.1').resume();
    socket.write(CHUNKED);
    await once(own, 'request');
    socket.write('zz\r\n');
    const { response_repr, response_size, request_id } = await failed();
    assert.deepEqual([response_repr.status_code, response_size], [422, 3]);
    assert.deepEqual(works, ['ann', request_id]);
    assert.equal(audit.requests.length, 1);
  });

  it('that came in time no more is recorded once, with its user and 408', async () => {
    const options = { requestTimeout: 40, connectionsCheckingInterval: 10 };
    const slow = http.createServer(options, (request) => {
      setActor('ann');
      request.resume();
    });
    await start(slow);
    assert.match(await answerTo(`${CHUNKED}3\r\nabc`), /^HTTP\/1.1 408/);
    const { response_repr, error_message, actor_id } = await failed();
    assert.deepEqual([response_repr.status_code, actor_id], [408, 'ann']);
    assert.match(String(error_message), /ERR_HTTP_REQUEST_TIMEOUT/);
    assert.equal(audit.requests.length, 1);
  });

  it('is left out where a path says so', async () => {
    await start(answering(), { ignorePaths: ['/chunks'] });
    await answerTo(`${CHUNKED}zz\r\n`);
    await answerTo('NONSENSE\r\n\r\n');
    await failed();
    assert.equal(audit.requests.length, 1);
  });
});
