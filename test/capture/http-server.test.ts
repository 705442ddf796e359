import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import zlib from 'node:zlib';

import express from 'express';

import { currentActor, setActor, withActor } from '../../src/context/actor.ts';
import type { IncomingRequestRepr, RequestEvent } from '../../src/event/event.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { type Reply, send, sendRaw, serve } from '../support/server.ts';

type Server = Awaited<ReturnType<typeof serve>>;

let audit: AuditObserver;
let server: Server;

beforeEach(() => {
  audit = observeAudit();
});
afterEach(async () => {
  audit.stop();
  await server.close();
});

/** The record of the request to `path`. */
async function recordOf(path: string): Promise<RequestEvent & { request_repr: IncomingRequestRepr }> {
  return audit.waitFor(
    (record) => 'request_repr' in record && 'path' in record.request_repr && record.request_repr.path === path,
  );
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

function postJson(path: string, body: unknown, headers: http.OutgoingHttpHeaders = {}): Promise<Reply> {
  return send(server.port, { method: 'POST', path, headers: { ...JSON_TYPE, ...headers } }, JSON.stringify(body));
}

describe('an exchange with Express', () => {
  it('is recorded with method, path, query, headers, bodies, status, route and time', async () => {
    const app = express();
    app.use(
      '/api',
      express.Router().post('/items/:id', express.json(), (request, response) => {
        response.status(201).json({ got: request.body as unknown });
      }),
    );
    server = await serve(app);
    await postJson('/api/items/7?tag=a&tag=b&q=x%20y', { title: 'hello' }, { 'X-Custom': 'Kept' });

    const record = await recordOf('/api/items/7');
    assert.equal(record.level, 'API');
    assert.equal(record.message, 'Audit Internal Request');
    assert.equal(record.request_type, 'internal');
    assert.equal(record.protocol, 'http');
    assert.equal(record.request_repr.method, 'POST');
    assert.deepEqual(record.request_repr.query_params, { tag: ['a', 'b'], q: 'x y' });
    assert.equal(record.request_repr.headers['X-Custom'], 'Kept');
    assert.deepEqual(record.request_repr.body, { title: 'hello' });
    assert.equal(record.response_repr.status_code, 201);
    assert.match(String(record.response_repr.headers['Content-Type']), /^application\/json/);
    assert.deepEqual(record.response_repr.body, { got: { title: 'hello' } });
    assert.equal(record.route, '/api/items/:id');
    assert.equal(record.client_address, '127.0.0.1');
    assert.equal(record.request_size, 17);
    assert.equal(record.response_size, 25);
    assert.equal(record.error_message, null);
    assert.equal(record.outcome, 'success');
    assert.ok(record.execution_time > 0 && record.execution_time < 5);
  });

  it('is recorded when no route answers', async () => {
    server = await serve(express());
    await send(server.port, { path: '/nowhere' });
    const record = await recordOf('/nowhere');
    assert.equal(record.response_repr.status_code, 404);
    assert.equal(record.outcome, 'failure');
    assert.equal(record.route, undefined);
  });

  it('is recorded when the handler throws, at once or later', async () => {
    const app = express();
    app.get('/throws', () => {
      throw new Error('at once');
    });
    app.get('/rejects', async () => {
      await sleep(1);
      throw new Error('later');
    });
    app.use(((_error, _request, response, _next) => response.status(500).send('sorry')) as express.ErrorRequestHandler);
    server = await serve(app);
    for (const path of ['/throws', '/rejects']) {
      await send(server.port, { path });
      const record = await recordOf(path);
      assert.equal(record.response_repr.status_code, 500);
      assert.equal(record.response_repr.body, 'sorry');
      assert.equal(record.outcome, 'failure');
    }
  });
});

describe('a body', () => {
  /** Answers with what it got, and its type. */
  const echo: http.RequestListener = (request, response) => {
    response.setHeader('Content-Type', request.headers['content-type'] ?? 'application/octet-stream');
    if (request.headers['content-encoding'])
      response.setHeader('Content-Encoding', request.headers['content-encoding']);
    request.pipe(response);
  };

  async function echoed(
    type: string,
    body: string | Buffer,
    headers: http.OutgoingHttpHeaders = {},
  ): Promise<RequestEvent> {
    server = await serve(echo);
    await send(server.port, { method: 'POST', path: '/echo', headers: { 'Content-Type': type, ...headers } }, body);
    const record = await recordOf('/echo');
    assert.deepEqual(record.response_repr.body, record.request_repr.body);
    return record;
  }

  const shown: [name: string, type: string, body: string | Buffer, shown: unknown][] = [
    ['a JSON value for application/json', 'application/json', '{"a":[1,null]}', { a: [1, null] }],
    ['a JSON value for a +json type', 'application/ld+json; charset=utf-8', '[1]', [1]],
    ['an object for a form', 'application/x-www-form-urlencoded', 'a=1&b=x+y&a=2', { a: ['1', '2'], b: 'x y' }],
    ['a text for text', 'text/plain', 'grüß dich', 'grüß dich'],
    [
      'a text in its charset',
      'text/plain; charset=iso-8859-1',
      Buffer.from('gr\u00fc\u00df', 'latin1'),
      'gr\u00fc\u00df',
    ],
    ['"Binary content" for an image', 'image/png', Buffer.from([137, 80, 78, 71]), 'Binary content'],
    ['"Invalid JSON" for what only says that it is JSON', 'application/json', '{"a":', 'Invalid JSON'],
  ];
  for (const [name, type, body, expected] of shown) {
    it(`is ${name}`, async () => {
      const record = await echoed(type, body);
      assert.deepEqual(record.request_repr.body, expected);
      assert.equal(record.request_size, Buffer.byteLength(body));
    });
  }

  it('is absent when there was none', async () => {
    server = await serve((_request, response) => response.writeHead(204).end());
    await send(server.port, { path: '/none' });
    const record = await recordOf('/none');
    assert.ok(!('body' in record.request_repr) && !('body' in record.response_repr));
    assert.equal(record.request_size, 0);
    assert.equal(record.response_size, 0);
  });

  it('is absent from the response to HEAD, which has none on the wire', async () => {
    server = await serve((_request, response) => response.end('not sent'));
    await send(server.port, { method: 'HEAD', path: '/head' });
    const record = await recordOf('/head');
    assert.ok(!('body' in record.response_repr));
    assert.equal(record.response_size, 0);
  });

  it('is recorded although the application never read it', async () => {
    server = await serve((_request, response) => response.writeHead(401).end('no'));
    await send(server.port, { method: 'POST', path: '/unread', headers: JSON_TYPE }, '{"a":1}');
    const record = await recordOf('/unread');
    assert.deepEqual(record.request_repr.body, { a: 1 });
    assert.equal(record.response_repr.status_code, 401);
  });

  it('is cut at the limit on a character boundary, with its true size', async () => {
    const text = `x${'ü'.repeat(100_000)}`;
    const record = await echoed('text/plain', text);
    assert.equal(record.request_repr.body, `x${'ü'.repeat(32_767)}`);
    assert.equal(record.request_repr.body_truncated, true);
    assert.equal(record.request_size, 200_001);
    assert.equal(record.response_size, 200_001);
  });

  it('is not cut when it is just as long as the limit', async () => {
    const record = await echoed('text/plain', 'x'.repeat(65_536));
    assert.equal(String(record.request_repr.body).length, 65_536);
    assert.ok(!('body_truncated' in record.request_repr));
  });

  it('has its secrets redacted also where the limit cuts through them', async () => {
    const filler = 'x'.repeat(65_500);
    const record = await echoed('application/json', JSON.stringify({ filler, password: `hunter2${'y'.repeat(100)}` }));
    assert.equal(record.request_repr.body_truncated, true);
    assert.doesNotMatch(JSON.stringify(record), /hunter2/);
  });

  it('is fields and files where a browser uploads them', async () => {
    server = await serve((request, response) => void request.resume().on('end', () => response.end()));
    const form = new FormData();
    form.set('title', 'gr\u00fc\u00df');
    form.set('password', 'hunter2');
    form.set('scan', new Blob(['%PDF'], { type: 'application/pdf' }), 'scan "1".pdf');
    await (await fetch(`${server.url}/upload`, { method: 'POST', body: form })).text();
    const record = await recordOf('/upload');
    assert.deepEqual(record.request_repr.body, {
      fields: { title: 'gr\u00fc\u00df', password: '[REDACTED]' },
      files: [{ name: 'scan', filename: 'scan "1".pdf', content_type: 'application/pdf', size: 4 }],
    });
  });

  const codings: [name: string, encode: (text: string) => Buffer][] = [
    ['gzip', (text) => zlib.gzipSync(text)],
    ['deflate', (text) => zlib.deflateSync(text)],
    ['br', (text) => zlib.brotliCompressSync(text)],
    ['zstd', (text) => zlib.zstdCompressSync(text)],
  ];
  for (const [coding, encode] of codings) {
    it(`is decoded when it came as ${coding}`, async () => {
      const record = await echoed('application/json', encode('{"packed":true}'), { 'Content-Encoding': coding });
      assert.deepEqual(record.request_repr.body, { packed: true });
    });

    it(`is bounded when ${coding} would unpack to a thousand times its size`, async () => {
      const record = await echoed('text/plain', encode('b'.repeat(20_000_000)), { 'Content-Encoding': coding });
      const { body } = record.request_repr;
      assert.ok(typeof body === 'string' && body.length > 0 && body.length <= 65_536);
      assert.equal(record.request_repr.body_truncated, true);
    });
  }

  it('is "Binary content" in a coding that is unknown or not what it says', async () => {
    const record = await echoed('text/plain', 'not packed', { 'Content-Encoding': 'gzip' });
    assert.equal(record.request_repr.body, 'Binary content');
  });
});

describe('headers', () => {
  it('have their names as sent, a list where one is repeated, and no secrets', async () => {
    server = await serve((_request, response) => {
      response.writeHead(200, ['X-One', '1', 'X-Two', 'a', 'X-Two', 'b', 'Set-Cookie', 'sid=very-secret']);
      response.end();
    });
    await sendRaw(
      server.port,
      'GET /headers HTTP/1.1\r\nHost: x\r\nauthorization: Bearer very-secret\r\nX-Many: 1\r\nX-Many: 2\r\nconnection: close\r\n\r\n',
      () => false,
    );
    const record = await recordOf('/headers');
    assert.deepEqual(record.request_repr.headers, {
      Host: 'x',
      authorization: '[REDACTED]',
      'X-Many': ['1', '2'],
      connection: 'close',
    });
    assert.equal(record.response_repr.headers['X-One'], '1');
    assert.deepEqual(record.response_repr.headers['X-Two'], ['a', 'b']);
    assert.equal(record.response_repr.headers['Set-Cookie'], '[REDACTED]');
    assert.doesNotMatch(JSON.stringify(record), /very-secret/);
  });
});

describe('an exchange that breaks off', () => {
  it('is recorded when the client goes away in the middle of the response', async () => {
    server = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      response.write('part');
    });
    await sendRaw(server.port, 'GET /hang HTTP/1.1\r\nHost: x\r\n\r\n', (received) => received.includes('part'));
    const record = await recordOf('/hang');
    assert.equal(record.response_repr.status_code, 200);
    assert.equal(record.response_repr.body, 'part');
    assert.equal(record.response_repr.body_truncated, true);
    assert.match(String(record.error_message), /connection was closed/);
    assert.equal(record.outcome, 'failure');
  });

  it('is recorded when the client goes away before any response', async () => {
    const arrived = new EventEmitter();
    server = await serve(() => arrived.emit('request'));
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write('GET /silent HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(arrived, 'request');
    socket.destroy();
    const record = await recordOf('/silent');
    assert.ok(!('status_code' in record.response_repr) || record.response_repr.status_code === undefined);
    assert.equal(record.outcome, 'failure');
  });

  it('is recorded when an upload is broken off', async () => {
    server = await serve((request) => request.resume().on('error', () => undefined));
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write(
      'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"par',
    );
    await sleep(50);
    socket.destroy();
    const record = await recordOf('/upload');
    assert.equal(record.request_repr.body, '{"par');
    assert.equal(record.request_repr.body_truncated, true);
    assert.equal(record.request_size, 5);
  });

  it('is recorded when it waits behind another one on a connection that closes', async () => {
    const arrived = new EventEmitter();
    let count = 0;
    server = await serve((_request, response) => {
      count += 1;
      if (count === 2) {
        response.end('never sent');
        arrived.emit('both');
      }
    });
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write('GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(arrived, 'both');
    socket.destroy();
    await recordOf('/first');
    await recordOf('/second');
    assert.equal(audit.requests.length, 2);
  });
});

describe('the request id', () => {
  const ok: http.RequestListener = (_request, response) => void response.end();
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

  async function record(headers: http.OutgoingHttpHeaders): Promise<RequestEvent> {
    server = await serve(ok);
    await send(server.port, { path: '/', headers });
    return recordOf('/');
  }

  it('is the one that the caller sent', async () => {
    assert.equal((await record({ 'X-Request-Id': 'abc-123' })).request_id, 'abc-123');
  });

  it("is the trace id of the caller where it sent none, and its span is the record's", async () => {
    const { request_id, trace_id, span_id } = await record({ traceparent: TRACEPARENT });
    assert.deepEqual(
      { request_id, trace_id, span_id },
      { request_id: TRACE, trace_id: TRACE, span_id: 'b7ad6b7169203331' },
    );
  });

  for (const [name, id] of [
    ['too long', 'x'.repeat(129)],
    ['full of spaces', 'a b'],
    ['a script', '<script>'],
    ['a JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.Qk9wc2lnbmF0dXJl'],
  ]) {
    it(`is a new one where the caller's is ${name}`, async () => {
      assert.match((await record({ 'X-Request-Id': id })).request_id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    });
  }
});

describe('the actor', () => {
  const users: [where: string, put: (request: http.IncomingMessage) => void][] = [
    [
      'request.user',
      (request) => Object.assign(request, { user: { id: 7, email: 'ann@example.com', firstName: 'Ann' } }),
    ],
    [
      'request.auth',
      (request) => Object.assign(request, { auth: { sub: '7', email: 'ann@example.com', given_name: 'Ann' } }),
    ],
    [
      'request.session.user',
      (request) =>
        Object.assign(request, { session: { user: { _id: '7', email: 'ann@example.com', first_name: 'Ann' } } }),
    ],
    ['setActor', () => setActor({ id: '7', email: 'ann@example.com', first_name: 'Ann' })],
  ];
  for (const [where, put] of users) {
    it(`is found in ${where}, which is filled after the request has started`, async () => {
      server = await serve((request, response) => {
        setTimeout(() => {
          put(request);
          response.end();
        }, 1);
      });
      await send(server.port, { path: '/who' });
      const record = await recordOf('/who');
      assert.equal(record.actor_id, '7');
      assert.equal(record.actor_type, 'user');
      assert.equal(record.user_id, '7');
      assert.deepEqual(record.user_info, { email: 'ann@example.com', first_name: 'Ann' });
      assert.equal(record.request_repr.user, '7');
    });
  }

  it('is found by userOf instead, and one that throws finds nobody', async () => {
    audit.stop();
    audit = observeAudit({
      userOf(request) {
        if (request.url === '/broken') throw new Error('no user today');
        return request.headers['x-user'];
      },
    });
    server = await serve((request, response) => {
      Object.assign(request, { user: { id: 'ignored' } });
      response.end();
    });
    await send(server.port, { path: '/given', headers: { 'X-User': 'u-1' } });
    await send(server.port, { path: '/broken' });
    assert.equal((await recordOf('/given')).actor_id, 'u-1');
    assert.equal((await recordOf('/broken')).actor_id, 'anonymous');
  });

  it('is not a promise that userOf returns, whose rejection stays ours', async () => {
    audit.stop();
    const userOf = async (): Promise<string> => {
      throw new Error('too late');
    };
    audit = observeAudit({ userOf });
    server = await serve((_request, response) => response.end());
    await send(server.port, { path: '/promised' });
    assert.equal((await recordOf('/promised')).actor_id, 'anonymous');
  });

  it('is anonymous without a user, with an empty user_id and user_info', async () => {
    server = await serve((_request, response) => response.end());
    await send(server.port, { path: '/nobody' });
    const record = await recordOf('/nobody');
    assert.equal(record.actor_id, 'anonymous');
    assert.equal(record.user_id, '');
    assert.deepEqual(record.user_info, {});
    assert.equal(record.request_repr.user, null);
  });

  it('is still found by an application that goes on after its client has gone', async () => {
    const ids: string[] = [];
    const done = new EventEmitter();
    const goOn = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
      socket.destroy();
      await once(response, 'close');
      ids.push(currentActor().id);
      Object.assign(request, { user: { id: 'late' } });
      ids.push(currentActor().id);
      done.emit('done');
    };
    server = await serve((request, response) => void goOn(request, response));
    const goneOn = once(done, 'done');
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write('GET /gone HTTP/1.1\r\nHost: x\r\n\r\n'));
    await goneOn;
    assert.deepEqual(ids, ['anonymous', 'late']);
    assert.equal((await recordOf('/gone')).actor_id, 'anonymous');
  });

  it('of withActor ends with it', async () => {
    server = await serve((_request, response) => {
      withActor('job', () => undefined);
      response.end();
    });
    await send(server.port, { path: '/with' });
    assert.equal((await recordOf('/with')).actor_id, 'anonymous');
  });

  /** The user comes by a header, after a moment. */
  const slowLogin: http.RequestListener = (request, response) => {
    const user = request.headers['x-user'];
    setTimeout(() => {
      if (typeof user === 'string') setActor(user);
      setTimeout(() => response.end(user), Math.random() * 5);
    }, Math.random() * 5);
  };

  it('is right for each of 200 requests at once', async () => {
    server = await serve(slowLogin);
    const ids = Array.from({ length: 200 }, (_, i) => String(i));
    await Promise.all(
      ids.map((id) => send(server.port, { path: `/${id}`, headers: id === '0' ? {} : { 'X-User': id } })),
    );
    for (const id of ids) assert.equal((await recordOf(`/${id}`)).actor_id, id === '0' ? 'anonymous' : id);
  });

  it('does not leak into the next request of a kept-alive connection', async () => {
    server = await serve(slowLogin);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    await send(server.port, { path: '/known', headers: { 'X-User': 'c' }, agent });
    await send(server.port, { path: '/unknown', agent });
    agent.destroy();
    assert.equal((await recordOf('/known')).actor_id, 'c');
    assert.equal((await recordOf('/unknown')).actor_id, 'anonymous');
  });

  it('is right for pipelined requests', async () => {
    server = await serve(slowLogin);
    const pipelined = ['a', 'b', 'c'].map((id) => `GET /${id} HTTP/1.1\r\nHost: x\r\nX-User: ${id}\r\n\r\n`).join('');
    await sendRaw(
      server.port,
      pipelined,
      (received) => received.split('HTTP/1.1 200').length === 4 && received.endsWith('c'),
    );
    for (const id of ['a', 'b', 'c']) assert.equal((await recordOf(`/${id}`)).actor_id, id);
  });
});

describe('the application', () => {
  interface View {
    readonly events: string[];
    readonly counts: number[];
    readonly flowing: (boolean | null)[];
    readonly reply: string;
  }

  /** What a handler sees of one exchange. */
  async function view(): Promise<View> {
    const events: string[] = [];
    const counts: number[] = [];
    const flowing: (boolean | null)[] = [];
    server = await serve((request, response) => {
      flowing.push(request.readableFlowing);
      for (const emitter of [request, response]) {
        for (const name of ['data', 'end', 'error', 'close', 'finish', 'aborted'])
          counts.push(emitter.listenerCount(name));
      }
      for (const name of ['end', 'close']) request.on(name, () => events.push(`request ${name}`));
      for (const name of ['prefinish', 'finish', 'close']) response.on(name, () => events.push(`response ${name}`));
      request.on('data', (chunk: Buffer) => {
        events.push(`data ${chunk.length}`);
        events.push(`write ${response.write(chunk)}`);
      });
      request.on('end', () => {
        flowing.push(request.readableFlowing);
        response.end('done', () => events.push('end callback'));
      });
    });
    const { body } = await send(server.port, { method: 'POST', path: '/view' }, 'one', 'two');
    await sleep(20);
    return { events, counts, flowing, reply: body.toString() };
  }

  it('sees the same events, listener counts and stream modes as without us', async () => {
    const recorded = await view();
    await recordOf('/view');
    await server.close();
    audit.stop();
    const alone = await view();
    assert.deepEqual(
      { ...recorded, events: recorded.events.filter((event) => !event.startsWith('data')) },
      { ...alone, events: alone.events.filter((event) => !event.startsWith('data')) },
    );
  });

  it('is not recorded after stop, and is again after a new start', async () => {
    server = await serve((_request, response) => response.end());
    audit.stop();
    await send(server.port, { path: '/stopped' });
    await sleep(20);
    assert.equal(audit.requests.length, 0);
    audit = observeAudit();
    await send(server.port, { path: '/started' });
    await recordOf('/started');
  });

  it('has each exchange recorded once, however often we were started', async () => {
    const twice = observeAudit();
    server = await serve((_request, response) => response.end());
    await send(server.port, { path: '/once' });
    await recordOf('/once');
    await sleep(20);
    assert.equal(audit.requests.filter(({ request_type }) => request_type === 'internal').length, 1);
    twice.stop();
  });
});
