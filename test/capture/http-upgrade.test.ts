import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, it } from 'node:test';

import { currentActor, setActor, withActor } from '../../src/context/actor.ts';
import { currentWork } from '../../src/context/work.ts';
import { observeAudit } from '../../src/testing.ts';
import { type Incoming, audit, port, start, stop } from '../support/audited-server.ts';
import { identity } from '../support/peer.ts';

afterEach(stop);

function recordOf(path: string): Promise<Incoming> {
  return audit.waitFor<Incoming>((record) => (record as Incoming).request_repr?.path === path, 5000);
}

/** The request that opens a WebSocket. */
function opening(path: string, ...headers: string[]): string {
  const upgrade = [
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  return [`GET ${path} HTTP/1.1`, ...upgrade, ...headers, '', ''].join('\r\n');
}

/** The answer to it. */
function accepted(request: http.IncomingMessage): string {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

async function connected(): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Sends, and waits for an answer. */
async function ask(socket: net.Socket, text: string): Promise<string> {
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString('latin1');
}

/** Accepts every WebSocket, and sends back what comes. */
function echoing(): http.Server {
  return http
    .createServer((_request, response) => response.end('plain'))
    .on('upgrade', (request, socket: Duplex) => {
      socket.write(accepted(request));
      socket.pipe(socket);
    });
}

describe('a WebSocket', () => {
  it('is recorded when it ends, with its request, its answer, its duration and what passed through it', async () => {
    await start(echoing());
    const socket = await connected();
    assert.match(
      await ask(socket, opening('/chat?room=7', 'X-Custom: Kept', 'Authorization: Bearer very-secret')),
      /^HTTP\/1.1 101/,
    );
    assert.equal(await ask(socket, 'hello'), 'hello');
    assert.equal(audit.requests.length, 0);
    socket.end();

    const record = await recordOf('/chat');
    assert.equal(record.protocol, 'ws');
    assert.equal(record.request_repr.method, 'GET');
    assert.deepEqual(record.request_repr.query_params, { room: '7' });
    assert.equal(record.request_repr.headers['X-Custom'], 'Kept');
    assert.equal(record.response_repr.status_code, 101);
    assert.equal(record.response_repr.headers['Upgrade'], 'websocket');
    assert.deepEqual([record.request_size, record.response_size], [5, 5]);
    assert.ok(!('body' in record.request_repr) && !('body' in record.response_repr));
    assert.equal(record.error_message, null);
    assert.equal(record.outcome, 'success');
    assert.equal(record.actor_id, 'anonymous');
    assert.equal(record.client_address, '127.0.0.1');
    assert.ok(record.execution_time > 0);
    assert.doesNotMatch(JSON.stringify(record), /very-secret/);
    assert.equal(audit.requests.length, 1);
  });

  it('has the status and the headers that came after informational ones, and its size', async () => {
    await start(
      http.createServer().on('upgrade', (request, socket: Duplex) => {
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
        socket.write(`HTTP/1.1 102 Processing\r\n\r\n${accepted(request)}hello`);
        socket.on('data', () => socket.end());
      }),
    );
    const socket = await connected();
    await ask(socket, opening('/hinted'));
    socket.end('bye');
    const record = await recordOf('/hinted');
    assert.equal(record.response_repr.status_code, 101);
    assert.deepEqual(
      [record.response_repr.headers['Upgrade'], record.response_repr.headers['Link']],
      ['websocket', undefined],
    );
    assert.equal(record.response_size, 5);
  });

  it('is wss over TLS', async () => {
    const tls = https.createServer(identity).on('upgrade', (request, socket: Duplex) => {
      socket.write(accepted(request));
      socket.pipe(socket);
    });
    await start(tls);
    const request = https.get({
      port,
      host: '127.0.0.1',
      path: '/secure',
      rejectUnauthorized: false,
      headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'x' },
    });
    const [, socket] = (await once(request, 'upgrade')) as [unknown, net.Socket];
    assert.equal(await ask(socket, 'hello'), 'hello');
    socket.end();
    const record = await recordOf('/secure');
    assert.deepEqual([record.protocol, record.response_repr.status_code], ['wss', 101]);
    assert.deepEqual([record.request_size, record.response_size], [5, 5]);
  });

  const answers: [name: string, answer: (socket: Duplex) => void, status: number | undefined][] = [
    ['in one piece', (socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nX-A: b\r\n\r\nno'), 401],
    ['in bytes', (socket) => socket.end(Buffer.from('HTTP/1.1 403 Forbidden\r\n\r\n')), 403],
    [
      'in pieces',
      (socket) => {
        for (const piece of ['HTTP/1.1 426 Up', 'grade Required\r', '\n\r', '\n']) socket.write(piece);
        socket.end();
      },
      426,
    ],
    [
      'in pieces that are sent as one',
      (socket) => {
        socket.cork();
        for (const piece of ['HTTP/1.1 503 Not now\r\n', '\r\n']) socket.write(piece, 'latin1');
        socket.end();
      },
      503,
    ],
    ['in no HTTP', (socket) => socket.end('go away\r\n\r\n'), undefined],
    ['not at all', (socket) => socket.destroy(), undefined],
  ];
  for (const [name, answer, status] of answers) {
    it(`that is refused ${name} is a failure, with the status that was sent`, async () => {
      await start(http.createServer().on('upgrade', (_request, socket: Duplex) => answer(socket)));
      const socket = await connected();
      socket.resume().write(opening('/refused'));
      const { response_repr, outcome } = await recordOf('/refused');
      assert.deepEqual([response_repr.status_code, outcome], [status, 'failure']);
    });
  }

  it('that is broken off with a text says it', async () => {
    await start(
      echoing().on('upgrade', (_request, socket: Duplex) => {
        socket.on('error', () => undefined).once('data', () => socket.destroy('enough' as never));
      }),
    );
    const socket = await connected();
    await ask(socket, opening('/enough'));
    socket.write('more');
    const { error_message } = await recordOf('/enough');
    assert.equal(error_message, 'The connection broke off: enough');
  });

  it('that breaks off says so', async () => {
    await start(echoing().on('upgrade', (_request, socket: Duplex) => socket.on('error', () => undefined)));
    const socket = await connected();
    await ask(socket, opening('/broken'));
    socket.resetAndDestroy();
    const { error_message, outcome, response_repr } = await recordOf('/broken');
    assert.match(String(error_message), /^The connection broke off: read ECONNRESET$/);
    assert.deepEqual([outcome, response_repr.status_code], ['failure', 101]);
  });

  it('that nobody takes is a request', async () => {
    await start(http.createServer((_request, response) => response.end('plain')));
    const socket = await connected();
    await ask(socket, opening('/plain'));
    socket.destroy();
    const record = await recordOf('/plain');
    assert.deepEqual([record.protocol, record.response_repr.status_code], ['http', 200]);
    assert.equal(audit.requests.length, 1);
  });

  it('has no token that is sent as a protocol', async () => {
    await start(echoing());
    const socket = await connected();
    const long = `base64url.bearer.authorization.k8s.io.${'c2VjcmV0'.repeat(4)}`;
    await ask(
      socket,
      opening('/k8s', `Sec-WebSocket-Protocol: ${long}, graphql-transport-ws, access_token, very-secret`),
    );
    socket.destroy();
    assert.equal(
      (await recordOf('/k8s')).request_repr.headers['Sec-WebSocket-Protocol'],
      '[REDACTED], [REDACTED], access_token, [REDACTED]',
    );
  });

  it('is left out where a path or a hook says so, and is recorded once, however often we were started', async () => {
    await start(echoing(), { ignorePaths: ['/left-out'] });
    for (const path of ['/left-out', '/told']) {
      const socket = await connected();
      await ask(socket, opening(path));
      socket.end();
      await once(socket, 'close');
    }
    await recordOf('/told');
    assert.equal(audit.requests.length, 1);

    const twice = observeAudit({ outgoing: false });
    const socket = await connected();
    await ask(socket, opening('/once'));
    socket.end();
    await recordOf('/once');
    assert.equal(audit.requests.length, 2);
    twice.stop();
  });
});

describe('CONNECT', () => {
  it('is recorded with its target, and what passed through the tunnel', async () => {
    await start(
      http.createServer().on('connect', (_request, socket: Duplex, head: Buffer) => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        socket.write(head);
        socket.pipe(socket);
      }),
    );
    const socket = await connected();
    socket.write(
      'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic dmVyeQ==\r\n\r\nearly',
    );
    let received = '';
    while (!received.endsWith('early')) received += String((await once(socket, 'data'))[0]);
    assert.equal(await ask(socket, 'late'), 'late');
    socket.end();
    const record = await recordOf('example.com:443');
    assert.deepEqual(
      [record.protocol, record.request_repr.method, record.response_repr.status_code],
      ['http', 'CONNECT', 200],
    );
    assert.deepEqual([record.request_size, record.response_size], [9, 9]);
    assert.equal(record.request_repr.headers['Proxy-Authorization'], '[REDACTED]');
  });

  it('to a server of its own is recorded, and so is the WebSocket that is opened through the tunnel', async () => {
    const seen: string[] = [];
    const server = echoing();
    server.on('connect', (_request, socket: Duplex) => {
      setActor('tunnel');
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      server.emit('connection', socket);
    });
    await start(server);
    server.on('upgrade', (_request, socket: Duplex) => {
      setActor('ann');
      socket.on('data', () => seen.push(currentActor().id));
    });
    const socket = await connected();
    await ask(socket, 'CONNECT self:80 HTTP/1.1\r\nHost: self:80\r\n\r\n');
    await ask(socket, opening('/through'));
    assert.equal(await ask(socket, 'ping'), 'ping');
    socket.end();
    const [tunnel, through] = [await recordOf('self:80'), await recordOf('/through')];
    assert.deepEqual([tunnel.actor_id, tunnel.response_repr.status_code], ['tunnel', 200]);
    assert.deepEqual([through.actor_id, through.response_repr.status_code, through.request_size], ['ann', 101, 4]);
    assert.deepEqual(seen, ['ann']);
    assert.equal(audit.requests.length, 2);
  });

  it('that nobody listens for is closed by Node, and not recorded', async () => {
    await start(http.createServer((_request, response) => response.end('ok')));
    const refused = await connected();
    refused.write('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
    await once(refused.resume(), 'close');
    const socket = await connected();
    await ask(socket, 'GET /told HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await recordOf('/told');
    assert.equal(audit.requests.length, 1);
  });
});

/** Answers plain requests in the name of who came earlier. */
function servingEarlier(): http.Server {
  return http.createServer((_request, response) => {
    setActor('earlier');
    response.end('plain');
  });
}

describe('the work of a WebSocket', () => {
  it('is its own for its handler and for all that happens on its connection, also after another request', async () => {
    const seen: (readonly [string, string | undefined, string])[] = [];
    const see = (where: string): void => void seen.push([where, currentWork()?.requestId, currentActor().id]);
    const answer = new EventEmitter();
    await start(
      servingEarlier().on('upgrade', (request, socket: Duplex) => {
        see('upgrade');
        setActor('ann');
        setImmediate(() => {
          see('later');
          socket.write(accepted(request));
        });
        socket.on('data', () => see('data'));
        socket.on('end', () => {
          see('end');
          socket.end();
        });
        socket.on('close', () => {
          see('close');
          answer.emit('closed');
        });
      }),
    );
    const socket = await connected();
    await ask(socket, 'GET /earlier HTTP/1.1\r\nHost: x\r\nX-Request-Id: one\r\n\r\n');
    await ask(socket, opening('/later', 'X-Request-Id: two'));
    const closed = once(answer, 'closed');
    socket.end('hello');
    await closed;
    assert.deepEqual(seen, [
      ['upgrade', 'two', 'anonymous'],
      ['later', 'two', 'ann'],
      ['data', 'two', 'ann'],
      ['end', 'two', 'ann'],
      ['close', 'two', 'ann'],
    ]);
    const record = await recordOf('/later');
    assert.deepEqual([record.request_id, record.actor_id], ['two', 'ann']);
    assert.equal((await recordOf('/earlier')).actor_id, 'earlier');
  });

  it('is its own also where another client has given its request the same id', async (t) => {
    const sockets: Record<string, Duplex> = {};
    let leaver = '';
    await start(
      http.createServer().on('upgrade', (request, socket: Duplex) => {
        const name = String(request.headers['x-name']);
        sockets[name] = socket;
        setActor(name);
        socket.write(accepted(request));
        if (name === 'ann') socket.on('away', () => ((leaver = currentActor().id), socket.destroy()));
        else socket.on('data', () => sockets['ann']?.emit('away'));
      }),
    );
    const [ann, bob] = [await connected(), await connected()];
    t.after(() => (ann.destroy(), bob.destroy()));
    await ask(ann, opening('/ann', 'X-Request-Id: same', 'X-Name: ann'));
    await ask(bob, opening('/bob', 'X-Request-Id: same', 'X-Name: bob'));
    bob.write('away with ann');
    await recordOf('/ann');
    assert.equal(leaver, 'ann');
  });

  it('is its own also where it is not recorded', async () => {
    const seen: string[] = [];
    await start(
      servingEarlier().on('upgrade', (request, socket: Duplex) => {
        setActor('ann');
        socket.on('data', () => seen.push(currentActor().id));
        socket.on('close', () => seen.push(currentActor().id));
        socket.on('end', () => socket.end());
        socket.write(accepted(request));
      }),
      { ignorePaths: ['/ignored'] },
    );
    const socket = await connected();
    await ask(socket, 'GET /earlier HTTP/1.1\r\nHost: x\r\n\r\n');
    await ask(socket, opening('/ignored'));
    socket.end('hello');
    await once(socket, 'close');
    while (seen.length < 2) await new Promise(setImmediate);
    assert.deepEqual(seen, ['ann', 'ann']);
    assert.equal(audit.requests.length, 1);
  });

  it('is left to withActor where an event happens in it', async () => {
    const seen: string[] = [];
    await start(
      http.createServer().on('upgrade', (_request, socket: Duplex) => {
        socket.on('told', () => seen.push(currentActor().id));
        withActor('job', () => socket.emit('told'));
        socket.emit('told');
        socket.end('HTTP/1.1 101 Switching\r\n\r\n');
      }),
    );
    const socket = await connected();
    socket.resume().write(opening('/job'));
    await recordOf('/job');
    assert.deepEqual(seen, ['job', 'anonymous']);
  });

  it('is that of the user whom the handler found in the request', async () => {
    await start(
      http.createServer().on('upgrade', (request, socket: Duplex) => {
        Object.assign(request, { user: { id: 'ann' } });
        socket.end('HTTP/1.1 101 Switching\r\n\r\n');
      }),
    );
    const socket = await connected();
    socket.resume().write(opening('/user'));
    assert.equal((await recordOf('/user')).actor_id, 'ann');
  });
});
