import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import zlib from 'node:zlib';

import { ROOT_CONTEXT, type Span, context, trace } from '@opentelemetry/api';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import express from 'express';

import type { IncomingRequestRepr, RequestEvent } from '../../src/event/event.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { send, sendRaw, serve } from '../support/server.ts';

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;

beforeEach(() => {
  audit = observeAudit();
});
afterEach(async () => {
  audit.stop();
  await server.close();
});

type Incoming = RequestEvent & { request_repr: IncomingRequestRepr };

/** The record of the request to `path`. */
function recordOf(path: string): Promise<Incoming> {
  return audit.waitFor<Incoming>(
    (record) => record.name === 'audit.request' && pathOf(record as Incoming) === path,
    5000,
  );
}

function pathOf(record: Incoming): string {
  return record.request_repr.path;
}

describe('the response that a record shows', () => {
  it('has no part that Node refused to send', async () => {
    server = await serve((_request, response) => {
      response.statusCode = 9999;
      try {
        response.end('refused');
      } catch {
        response.statusCode = 500;
        response.end('sorry');
      }
    });
    await send(server.port, { path: '/' });
    const { response_repr, response_size } = await recordOf('/');
    assert.deepEqual([response_repr.status_code, response_repr.body, response_size], [500, 'sorry', 5]);
  });

  it('has no part in an encoding that Node does not know', async () => {
    server = await serve((_request, response) => {
      try {
        response.write('refused', 'utf-7' as BufferEncoding);
      } catch {
        response.end('sorry');
      }
    });
    await send(server.port, { path: '/' }).catch(() => undefined);
    const { response_repr, response_size } = await recordOf('/');
    assert.deepEqual([response_repr.body, response_size], ['sorry', 5]);
  });

  it('has no part that was too long for its Content-Length', async () => {
    server = await serve((_request, response) => {
      response.strictContentLength = true;
      response.setHeader('Content-Length', 2);
      response.write('o');
      try {
        response.write('long');
      } catch {
        response.end('k');
      }
    });
    await send(server.port, { path: '/' });
    const { response_repr, response_size } = await recordOf('/');
    assert.deepEqual([response_repr.body, response_size], ['ok', 2]);
  });

  it('has no part that was written after the end or after it was destroyed', async () => {
    server = await serve((request, response) => {
      response.on('error', () => undefined);
      response.write('sent', () => {
        if (request.url === '/destroyed') response.destroy();
        else response.end();
        response.write('late');
        response.end('later');
      });
    });
    for (const path of ['/ended', '/destroyed']) {
      await send(server.port, { path }).catch(() => undefined);
      const { response_repr, response_size } = await recordOf(path);
      assert.deepEqual([response_repr.body, response_size], ['sent', 4]);
    }
  });

  it('has the status that was sent, whatever the handler made of it later', async () => {
    server = await serve((_request, response) => {
      response.write('begun');
      response.statusCode = 500;
      response.end();
    });
    await send(server.port, { path: '/' });
    assert.equal((await recordOf('/')).response_repr.status_code, 200);
  });

  it('is that of HEAD and POST also where a middleware renames the method', async () => {
    server = await serve((request, response) => {
      request.method = request.method === 'HEAD' ? 'GET' : 'DELETE';
      response.end('hello');
    });
    await send(server.port, { method: 'HEAD', path: '/head' });
    await send(server.port, { method: 'POST', path: '/post' });
    const head = await recordOf('/head');
    assert.deepEqual([head.request_repr.method, head.response_repr.body, head.response_size], ['HEAD', undefined, 0]);
    assert.equal((await recordOf('/post')).request_repr.method, 'POST');
  });

  it('is absent where it waited for its turn on a connection that closed', async () => {
    let waiting = 0;
    server = await serve((request, response) => {
      request.resume().on('end', () => {
        waiting += 1;
        if (request.url === '/second') response.end('never sent');
        if (waiting === 2) setImmediate(() => request.socket.destroy());
      });
    });
    const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`;
    await sendRaw(server.port, post('/first') + post('/second'), () => false).catch(() => undefined);
    await recordOf('/first');
    const { response_repr, response_size, outcome, request_size } = await recordOf('/second');
    assert.deepEqual(
      [response_repr.status_code, response_repr.headers, response_repr.body, response_size, outcome, request_size],
      [undefined, {}, undefined, 0, 'failure', 2],
    );
    assert.equal(audit.requests.length, 2);
  });

  it('is not taken for closed because somebody emits `close`', async () => {
    server = await serve((_request, response) => {
      response.emit('close');
      setImmediate(() => response.end('still here'));
    });
    await send(server.port, { path: '/' });
    const { response_repr, outcome } = await recordOf('/');
    assert.deepEqual([response_repr.body, outcome], ['still here', 'success']);
  });

  it('is decoded from many small parts', async () => {
    const text = 'tägliches Brot '.repeat(2000);
    server = await serve((_request, response) => {
      for (const byte of Buffer.from(text)) response.write(Uint8Array.of(byte));
      response.end();
    });
    await send(server.port, { path: '/' });
    assert.equal((await recordOf('/')).response_repr.body, text);
  });

  it('is a text of the bytes that its encoding says', async () => {
    server = await serve((_request, response) => {
      response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      response.write('ww==', 'base64');
      response.write('bc', 'hex');
      response.write('!', 'latin1');
      response.write(new Uint8Array([0x3f]));
      response.end('\u4141', 'utf16le');
    });
    const { body } = await send(server.port, { path: '/' });
    const record = await recordOf('/');
    assert.equal(record.response_repr.body, body.toString());
    assert.equal(record.response_size, body.length);
  });
});

describe('the request that a record shows', () => {
  const refuse: http.RequestListener = (_request, response) => void response.writeHead(413).end('too large');

  it('has its true size where most of it came after the answer', async () => {
    server = await serve(refuse);
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write(
      'POST /large HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"a":',
    );
    await once(socket, 'data');
    socket.write('"bc"}');
    const { request_size, request_repr } = await recordOf('/large');
    socket.destroy();
    assert.equal(request_size, 10);
    assert.deepEqual([request_repr.body, request_repr.body_truncated], ['{"a":', true]);
  });

  it('is cut, not invalid, where a chunked rest came after the answer', async () => {
    server = await serve(refuse);
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write(
      'POST /rest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
    );
    await once(socket, 'data');
    socket.write('5\r\n"bc"}\r\n0\r\n\r\n');
    const { request_repr } = await recordOf('/rest');
    socket.destroy();
    assert.deepEqual([request_repr.body, request_repr.body_truncated], ['{"a":', true]);
  });

  it('is told when the connection closes in the middle of what comes after the answer', async () => {
    server = await serve(refuse);
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write('POST /gone HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello');
    await once(socket, 'data');
    socket.destroy();
    const { request_size, response_repr, request_repr } = await recordOf('/gone');
    assert.deepEqual([request_size, response_repr.status_code, request_repr.body_truncated], [5, 413, true]);
  });

  it('is told while a client holds the rest of it back', async () => {
    server = await serve((_request, response) => void response.end('deleted'));
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write('DELETE /held HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n');
    await once(socket, 'data');
    const { outcome, request_size } = await recordOf('/held');
    socket.destroy();
    assert.deepEqual([outcome, request_size], ['success', 0]);
  });

  it('has names like __proto__ in headers, query and form as they came', async () => {
    server = await serve((request, response) => void request.resume().on('end', () => response.end()));
    await sendRaw(
      server.port,
      'POST /proto?__proto__=a&constructor=b HTTP/1.1\r\nHost: x\r\n__proto__: h\r\nConnection: close\r\n' +
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 25\r\n\r\n__proto__=c&constructor=d',
      () => false,
    );
    const { query_params, headers, body } = (await recordOf('/proto')).request_repr;
    assert.deepEqual(Object.entries(query_params), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    assert.deepEqual(Object.entries(body as object), [
      ['__proto__', 'c'],
      ['constructor', 'd'],
    ]);
    assert.equal(Object.getOwnPropertyDescriptor(headers, '__proto__')?.value, 'h');
  });

  const targets: [name: string, target: string, path: string][] = [
    [
      'in absolute form without its password',
      'http://ann:hunter2@example.com/a?b=c',
      'http://[REDACTED]@example.com/a',
    ],
    ['of the whole server', '*', '*'],
    ['with escapes that are none', '/%zz/%e4?x=%', '/%zz/%e4'],
  ];
  for (const [name, target, path] of targets) {
    it(`has a target ${name}`, async () => {
      server = await serve((_request, response) => void response.end());
      await sendRaw(server.port, `OPTIONS ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, () => false);
      const record = await audit.waitFor<Incoming>(() => true);
      assert.equal(pathOf(record), path);
      assert.doesNotMatch(JSON.stringify(record), /hunter2/);
    });
  }

  const bodies: [name: string, type: string, body: Buffer, shown: unknown, coding?: string][] = [
    ['without its byte order mark', 'application/json', Buffer.from('\ufeff{"a":1}'), { a: 1 }],
    ['in UTF-16', 'application/json; charset=utf-16le', Buffer.from('{"a":1}', 'utf16le'), { a: 1 }],
    ['in a charset that is none', 'text/plain; charset=klingon', Buffer.from('x'), 'Binary content'],
    ['as a text also where it is no UTF-8', 'text/plain', Buffer.from([0x61, 0xff]), 'a\ufffd'],
    ['packed twice', 'text/plain', zlib.gzipSync(zlib.brotliCompressSync('in')), 'in', 'br, gzip'],
    ['packed by identity', 'text/plain', Buffer.from('in'), 'in', 'identity'],
    ['in a coding of __proto__', 'text/plain', Buffer.from('in'), 'Binary content', '__proto__'],
  ];
  for (const [name, type, body, shown, coding] of bodies) {
    it(`shows a body ${name}`, async () => {
      server = await serve((request, response) => void request.resume().on('end', () => response.end()));
      const headers = { 'Content-Type': type, ...(coding !== undefined && { 'Content-Encoding': coding }) };
      await send(server.port, { method: 'POST', path: '/', headers }, body);
      const { request_repr, request_size } = await recordOf('/');
      assert.deepEqual(request_repr.body, shown);
      assert.equal(request_size, body.length);
    });
  }

  it('is unpacked as far as it goes where it was cut', async () => {
    const packed = zlib.gzipSync('lorem ipsum '.repeat(50));
    server = await serve((request, response) => void request.resume().on('end', () => response.end()));
    const headers = { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' };
    await send(server.port, { method: 'POST', path: '/', headers }, packed.subarray(0, packed.length - 12));
    const { body } = (await recordOf('/')).request_repr;
    assert.ok(String(body).startsWith('lorem ipsum'));
  });

  it('is not unpacked from more layers than anybody packs', async () => {
    let packed: Buffer = Buffer.from('deep');
    for (let layer = 0; layer < 50; layer += 1) packed = zlib.gzipSync(packed);
    server = await serve((request, response) => void request.resume().on('end', () => response.end()));
    const headers = {
      'Content-Type': 'text/plain',
      'Content-Encoding': Array.from({ length: 50 }, () => 'gzip').join(),
    };
    await send(server.port, { method: 'POST', path: '/', headers }, packed);
    assert.equal((await recordOf('/')).request_repr.body, 'Binary content');
  });
});

describe('the span of a record', () => {
  let sdk: NodeSDK;
  before(() => {
    const spanProcessors = [new tracing.NoopSpanProcessor()];
    sdk = new NodeSDK({ instrumentations: [], spanProcessors, metricReaders: [], logRecordProcessors: [] });
    sdk.start();
  });
  after(() => sdk.shutdown());

  it("is its own request's, also where another request ends the response", async () => {
    const spans = new Map<string, Span>();
    const arrived = new EventEmitter();
    let polling: http.ServerResponse | undefined;
    server = await serve((request, response) => {
      const span = trace.getTracer('test').startSpan('serving', {}, ROOT_CONTEXT);
      spans.set(request.url ?? '', span);
      context.with(trace.setSpan(ROOT_CONTEXT, span), () => {
        if (request.url === '/poll') {
          polling = response;
          arrived.emit('poll');
        } else {
          polling?.end('news');
          response.end('told');
        }
      });
    });
    const poll = send(server.port, { path: '/poll' });
    await once(arrived, 'poll');
    await send(server.port, { path: '/tell' });
    await poll;
    const { spanId, traceId } = (spans.get('/tell') as Span).spanContext();
    assert.deepEqual([(await recordOf('/tell')).span_id, (await recordOf('/tell')).trace_id], [spanId, traceId]);
    assert.notEqual((await recordOf('/poll')).span_id, spanId);
  });

  it('is that under which it began to answer, wherever it ends', async () => {
    const span = trace.getTracer('test').startSpan('serving');
    server = await serve((_request, response) => {
      context.with(trace.setSpan(ROOT_CONTEXT, span), () => response.write('a'));
      context.with(ROOT_CONTEXT, () => response.end('b'));
    });
    await send(server.port, { path: '/' });
    assert.equal((await recordOf('/')).span_id, span.spanContext().spanId);
  });
});

describe('frameworks', () => {
  it('that shadow write and end on the response are seen through', async () => {
    const app = express();
    app.use((_request, response, next) => {
      const end = response.end.bind(response);
      response.end = (chunk?: unknown) => end(`<${String(chunk)}>`, 'utf8');
      next();
    });
    app.get('/', (_request, response) => void response.end('shadowed'));
    server = await serve(app);
    const { body } = await send(server.port, { path: '/' });
    const record = await recordOf('/');
    assert.equal(record.response_repr.body, body.toString());
    assert.equal(record.response_size, body.length);
  });
});
