import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import https from 'node:https';
import { createRequire } from 'node:module';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import zlib from 'node:zlib';

import { currentActor, setActor, withActor } from '../../src/context/actor.ts';
import { currentWork } from '../../src/context/work.ts';
import type { IncomingRequestRepr, RequestEvent } from '../../src/event/event.ts';
import type { InstrumentationOptions } from '../../src/options.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { lastDataFrame, preface, requestFrame, resetFrame } from '../support/http2-frames.ts';
import { installed } from '../support/install.ts';
import { identity } from '../support/peer.ts';

type Server = http2.Http2Server | http2.Http2SecureServer;
type Incoming = RequestEvent & { request_repr: IncomingRequestRepr };

let audit: AuditObserver;
let server: Server;
let client: http2.ClientHttp2Session;

afterEach(() => {
  audit.stop();
  client?.destroy();
  server.close();
});

/** Starts recording, serves, and connects. */
async function start(on: Server, options: InstrumentationOptions = {}): Promise<void> {
  audit = observeAudit({ outgoing: false, ...options });
  server = on.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connected();
}

function connected(options: http2.SecureClientSessionOptions = {}): http2.ClientHttp2Session {
  const { port } = server.address() as AddressInfo;
  const scheme = 'addContext' in server ? 'https' : 'http';
  return http2
    .connect(`${scheme}://127.0.0.1:${port}`, { ...options, rejectUnauthorized: false })
    .on('error', () => undefined);
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
}

/** Asks, and reads the answer to its end; what breaks off has what came of it. */
async function ask(headers: http2.OutgoingHttpHeaders, body?: string | Buffer): Promise<Answer> {
  const stream = client.request({ ...(body !== undefined && { ':method': 'POST' }), ...headers });
  return answerOf(stream.end(body));
}

async function answerOf(stream: http2.ClientHttp2Stream): Promise<Answer> {
  let got: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
  const chunks: Buffer[] = [];
  stream.on('response', (headers) => (got = headers));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined);
  if (!stream.closed) await new Promise((resolve) => stream.on('close', resolve));
  return { status: got[':status'], headers: got, body: Buffer.concat(chunks).toString() };
}

function recordOf(wanted: string): Promise<Incoming> {
  return audit.waitFor<Incoming>((record) => (record as Incoming).request_repr?.path === wanted, 5000);
}

/** Answers with what it got. */
function echo(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
  stream.respond({ ':status': 200, 'content-type': headers['content-type'] });
  stream.pipe(stream);
}

describe('a stream of the stream API', () => {
  it('is recorded with method, path, query, headers, bodies, status, sizes and time', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.respond({ ':status': 201, 'Content-Type': 'application/json', 'x-many': ['1', '2'] });
        stream.end('{"made":7}');
      }),
    );
    const answer = await ask(
      {
        ':path': '/items?tag=a&tag=b',
        'content-type': 'application/json',
        'x-custom': 'Kept',
        'set-cookie': ['a', 'b'],
      },
      '{"title":"hello","password":"x"}',
    );
    assert.equal(answer.body, '{"made":7}');

    const record = await recordOf('/items');
    assert.equal(record.message, 'Audit Internal Request');
    assert.equal(record.request_type, 'internal');
    assert.equal(record.protocol, 'http');
    assert.equal(record.request_repr.method, 'POST');
    assert.deepEqual(record.request_repr.query_params, { tag: ['a', 'b'] });
    assert.deepEqual(record.request_repr.body, { title: 'hello', password: '[REDACTED]' });
    const { headers } = record.request_repr;
    assert.equal(headers[':authority'], `127.0.0.1:${(server.address() as AddressInfo).port}`);
    assert.equal(headers['x-custom'], 'Kept');
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith(':')),
      [':authority'],
    );
    assert.equal(record.response_repr.status_code, 201);
    assert.deepEqual(record.response_repr.headers['x-many'], ['1', '2']);
    assert.equal(record.response_repr.headers['content-type'], 'application/json');
    assert.ok('date' in record.response_repr.headers && !(':status' in record.response_repr.headers));
    assert.deepEqual(record.response_repr.body, { made: 7 });
    assert.equal(record.client_address, '127.0.0.1');
    assert.deepEqual([record.request_size, record.response_size], [32, 10]);
    assert.equal(record.error_message, null);
    assert.equal(record.outcome, 'success');
    assert.ok(record.execution_time > 0 && record.execution_time < 5);
  });

  it('is recorded once, also where session and server listen', async () => {
    await start(
      http2
        .createServer()
        .on('session', (session) => session.on('stream', () => undefined))
        .on('stream', (stream) => stream.respond({}, { endStream: true })),
    );
    await Promise.all(['/1', '/2', '/3'].map((each) => ask({ ':path': each })));
    await recordOf('/3');
    assert.deepEqual(audit.requests.map(({ request_repr }) => (request_repr as IncomingRequestRepr).path).toSorted(), [
      '/1',
      '/2',
      '/3',
    ]);
  });

  it('is recorded with a large body cut, and its true size', async () => {
    await start(http2.createServer().on('stream', echo), { maxBodyBytes: 100 });
    const { body } = await ask({ ':path': '/large', 'content-type': 'text/plain' }, 'x'.repeat(1_000_000));
    assert.equal(body.length, 1_000_000);
    const record = await recordOf('/large');
    assert.deepEqual([record.request_size, record.response_size], [1_000_000, 1_000_000]);
    for (const repr of [record.request_repr, record.response_repr]) {
      assert.equal(repr.body, 'x'.repeat(100));
      assert.equal(repr.body_truncated, true);
    }
  });

  it('is recorded with a compressed body decoded', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.respond({ 'content-type': 'text/plain', 'content-encoding': 'gzip' });
        stream.end(zlib.gzipSync('zipped'));
      }),
    );
    await ask({ ':path': '/zipped' });
    assert.equal((await recordOf('/zipped')).response_repr.body, 'zipped');
  });

  it('is recorded with trailers', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '3' }));
        stream.respond({ 'content-type': 'text/plain' }, { waitForTrailers: true });
        stream.end('abc');
      }),
    );
    await ask({ ':path': '/trailers' });
    const record = await recordOf('/trailers');
    assert.equal(record.outcome, 'success');
    assert.equal(record.response_repr.body, 'abc');
  });

  it('is recorded with the final status after informational ones', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
        stream.respond({ ':status': 404 }, { endStream: true });
      }),
    );
    await ask({ ':path': '/informed' });
    const record = await recordOf('/informed');
    assert.equal(record.response_repr.status_code, 404);
    assert.equal(record.outcome, 'failure');
    assert.ok(!('link' in record.response_repr.headers));
  });

  it('is recorded without a response body for HEAD', async () => {
    await start(
      http2
        .createServer()
        .on('stream', (stream) => stream.respond({ 'content-length': 9, 'content-type': 'text/plain' })),
    );
    await ask({ ':method': 'HEAD', ':path': '/head' });
    const record = await recordOf('/head');
    assert.equal(record.response_size, 0);
    assert.equal(record.outcome, 'success');
  });

  it('has headers masked that were sent as sensitive', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.respond({ 'x-mine': 'hidden', [http2.sensitiveHeaders]: ['x-mine'] }, { endStream: true });
      }),
    );
    const sensitive = { ':path': '/sensitive', 'x-yours': 'hidden', [http2.sensitiveHeaders]: ['x-yours'] };
    await ask({ ...sensitive, authorization: 'Bearer abcdefghijklmnop' });
    const record = await recordOf('/sensitive');
    assert.equal(record.request_repr.headers['x-yours'], '[REDACTED]');
    assert.equal(record.request_repr.headers['authorization'], '[REDACTED]');
    assert.equal(record.response_repr.headers['x-mine'], '[REDACTED]');
  });

  it('has no binary metadata of gRPC, in which nobody could find a secret', async () => {
    const bytes = Buffer.from('hunter2').toString('base64');
    await start(
      http2.createServer().on('stream', (stream) => stream.respond({ 'x-details-bin': bytes }, { endStream: true })),
    );
    await ask({ ':path': '/binary', 'x-trace-bin': bytes });
    const record = await recordOf('/binary');
    assert.equal(record.request_repr.headers['x-trace-bin'], 'Binary content');
    assert.equal(record.response_repr.headers['x-details-bin'], 'Binary content');
  });
});

describe('a file', () => {
  /** The bytes that a server may send before its client has read any. */
  const WINDOW = 65_535;
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'activity-audit-'));
    file = path.join(folder, 'file.txt');
    await writeFile(file, 'x'.repeat(200_000));
  });
  after(() => rm(folder, { recursive: true }));

  it('is recorded by its size, without its content, which Node copies past us', async () => {
    await start(
      http2.createServer().on('stream', (stream) => stream.respondWithFile(file, { 'content-type': 'text/plain' })),
    );
    assert.equal((await ask({ ':path': '/file' })).body.length, 200_000);
    const record = await recordOf('/file');
    assert.equal(record.outcome, 'success');
    assert.equal(record.response_repr.status_code, 200);
    assert.equal(record.response_size, 200_000);
    assert.equal(record.response_repr.body, 'Binary content');
    assert.equal(record.response_repr.body_truncated, true);
  });

  it('is recorded as a failure where it is not there', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.on('error', () => undefined);
        stream.respondWithFile(`${file}.none`);
      }),
    );
    await ask({ ':path': '/none' });
    const record = await recordOf('/none');
    assert.equal(record.outcome, 'failure');
    assert.match(String(record.error_message), /ENOENT/);
    assert.equal(record.response_repr.status_code, undefined);
  });

  it('that is open already is recorded, a part of it too', async () => {
    const handle = await open(file);
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.respondWithFD(handle, { 'content-length': 500 }, { offset: 1000, length: 500 });
      }),
    );
    assert.equal((await ask({ ':path': '/part' })).body.length, 500);
    assert.equal((await recordOf('/part')).response_size, 500);
    await handle.close();
  });

  it('that its client gave up is recorded as a failure', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.on('error', () => undefined);
        stream.respondWithFile(file);
      }),
    );
    const stream = client.request({ ':path': '/given-up' });
    await once(stream, 'response');
    // Node 24 may crash, with and without us, where it is just reading the file: so it has to wait for the client.
    while (stream.readableLength < WINDOW) await new Promise(setImmediate);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    const record = await recordOf('/given-up');
    assert.equal(record.outcome, 'failure');
    assert.equal(record.error_message, 'The stream was closed before the response was sent (CANCEL)');
  });
});

describe('a pushed stream', () => {
  it('is recorded as a request of its own, made while the first was served', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        setActor({ id: 'ann' });
        stream.pushStream({ ':path': '/pushed?a=1', 'x-pushed': 'yes' }, (error, pushed) => {
          assert.equal(error, null);
          pushed.respond({ 'content-type': 'text/css' });
          pushed.end('a {}');
        });
        stream.respond({}, { endStream: true });
      }),
    );
    client.on('stream', (pushed) => pushed.resume());
    await ask({ ':path': '/pushing' });
    const [pushing, pushed] = [await recordOf('/pushing'), await recordOf('/pushed')];
    assert.equal(pushed.request_repr.method, 'GET');
    assert.equal(pushed.request_repr.headers['x-pushed'], 'yes');
    assert.deepEqual(pushed.request_repr.query_params, { a: '1' });
    assert.equal(pushed.response_repr.body, 'a {}');
    assert.equal(pushed.outcome, 'success');
    assert.equal(pushed.request_id, pushing.request_id);
    assert.equal(pushed.actor_id, 'ann');
  });
});

describe('a request of the compatibility API', () => {
  it('is recorded once, with bodies, status and the headers of writeHead', async () => {
    await start(
      http2.createServer((request, response) => {
        request
          .on('data', () => undefined)
          .on('end', () => {
            response.setHeader('X-Before', 'kept');
            response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"ok":true}');
          });
      }),
    );
    await ask({ ':path': '/compat', 'content-type': 'application/json' }, '{"a":1}');
    const record = await recordOf('/compat');
    assert.deepEqual(record.request_repr.body, { a: 1 });
    assert.deepEqual(record.response_repr.body, { ok: true });
    assert.equal(record.response_repr.status_code, 202);
    assert.equal(record.response_repr.headers['x-before'], 'kept');
    assert.equal(record.outcome, 'success');
    assert.equal(audit.requests.length, 1);
  });

  it('is recorded with the user whom a handler has put on it', async () => {
    await start(
      http2.createServer((request, response) => {
        Object.assign(request, { user: { id: 'ann', email: 'ann@example.com' } });
        assert.equal(currentActor().id, 'ann');
        response.end();
      }),
    );
    await ask({ ':path': '/user' });
    const record = await recordOf('/user');
    assert.equal(record.actor_id, 'ann');
    assert.equal(record.user_info['email'], 'ann@example.com');
  });

  it('is recorded with the method and path that came, whatever a handler makes of them', async () => {
    await start(
      http2.createServer((request, response) => {
        request.url = '/rewritten';
        Object.assign(request, { method: 'PUT' });
        response.end();
      }),
    );
    await ask({ ':path': '/came' });
    assert.equal((await recordOf('/came')).request_repr.method, 'GET');
  });

  it('is recorded with the route that a router has left', async () => {
    await start(
      http2.createServer((request, response) => {
        Object.assign(request, { baseUrl: '/api', route: { path: '/:id' } });
        response.end();
      }),
    );
    await ask({ ':path': '/api/7' });
    assert.equal((await recordOf('/api/7')).route, '/api/:id');
  });

  it('is recorded where it is asked for the continuation, or answered without one', async () => {
    await start(
      http2
        .createServer()
        .on('checkContinue', (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => {
          Object.assign(request, { user: 'ann' });
          response.writeHead(417).end();
        })
        .on('request', () => undefined),
    );
    await ask({ ':path': '/expects', expect: '100-continue' }, 'body');
    const record = await recordOf('/expects');
    assert.equal(record.response_repr.status_code, 417);
    assert.equal(record.actor_id, 'ann');
  });
});

interface Frameworks {
  fastify(options: { http2: true }): {
    post(path: string, handler: (request: { raw: object; body: unknown }) => Promise<unknown>): void;
    ready(): Promise<unknown>;
    readonly server: http2.Http2Server;
  };
  koa: new () => {
    use(middleware: (context: { req: object; body: unknown }) => void): void;
    callback(): (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;
  };
}

describe('a framework over HTTP/2', () => {
  async function load<Name extends keyof Frameworks>(name: Name, version: string): Promise<Frameworks[Name]> {
    const folder = await installed({ [name]: version });
    return createRequire(path.join(folder, 'index.js'))(name) as Frameworks[Name];
  }

  it('has what Fastify serves recorded', async () => {
    const fastify = await load('fastify', '5.6.2');
    const app = fastify({ http2: true });
    app.post('/fastify', (request) => {
      Object.assign(request.raw, { user: { id: 'ann' } });
      return Promise.resolve({ got: request.body });
    });
    await app.ready();
    await start(app.server);
    await ask({ ':path': '/fastify', 'content-type': 'application/json' }, '{"a":1}');
    const record = await recordOf('/fastify');
    assert.equal(record.actor_id, 'ann');
    assert.deepEqual([record.request_repr.body, record.response_repr.body], [{ a: 1 }, { got: { a: 1 } }]);
    assert.equal(audit.requests.length, 1);
  });

  it('has what Koa serves recorded', async () => {
    const Koa = await load('koa', '3.1.1');
    const app = new Koa();
    app.use((context) => {
      Object.assign(context.req, { user: { id: 'ann' } });
      context.body = { from: 'koa' };
    });
    await start(http2.createServer(app.callback()));
    await ask({ ':path': '/koa' });
    const record = await recordOf('/koa');
    assert.equal(record.actor_id, 'ann');
    assert.deepEqual(record.response_repr.body, { from: 'koa' });
    assert.equal(audit.requests.length, 1);
  });
});

describe('what is done while a stream is served', () => {
  it('is done in its name: at once, later, and in the events of the stream', async () => {
    const seen: Record<string, (string | undefined)[]> = {};
    await start(
      http2.createServer().on('stream', (stream, headers) => {
        const name = String(headers[':path']);
        const see = (): unknown => (seen[name] ??= []).push(currentWork()?.requestId, currentActor().id);
        setActor({ id: name });
        for (const event of ['data', 'end', 'finish', 'close']) stream.on(event, see);
        setImmediate(() => {
          see();
          withActor({ id: 'other' }, () => assert.equal(currentActor().id, 'other'));
          stream.respond({}, { endStream: true });
        });
      }),
    );
    const paths = ['/one', '/two', '/three'];
    await Promise.all(paths.map((each) => ask({ ':path': each, 'x-request-id': `id-${each}` }, 'body')));
    for (const each of paths) {
      const record = await recordOf(each);
      assert.equal(record.request_id, `id-${each}`);
      assert.equal(record.actor_id, each);
      assert.deepEqual([...new Set(seen[each])], [`id-${each}`, each]);
      assert.equal(seen[each]?.length, 10);
    }
  });

  it('is done in its name also where another client has given its request the same id', async () => {
    const streams: Record<string, http2.ServerHttp2Stream> = {};
    let closer = '';
    await start(
      http2.createServer().on('stream', (stream, headers) => {
        const name = String(headers[':path']);
        streams[name] = stream;
        setActor({ id: name });
        stream.respond({});
        if (name === '/ann') stream.on('close', () => (closer = currentActor().id));
        else stream.on('data', () => streams['/ann']?.destroy());
      }),
    );
    const ann = client.request({ ':path': '/ann', 'x-request-id': 'same' });
    await once(ann, 'response');
    client.request({ ':method': 'POST', ':path': '/bob', 'x-request-id': 'same' }).write('away with ann');
    await recordOf('/ann');
    assert.equal(closer, '/ann');
  });

  it('belongs to the trace that the client named', async () => {
    await start(http2.createServer((_request, response) => void response.end()));
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await ask({ ':path': '/traced', traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    const record = await recordOf('/traced');
    assert.equal(record.request_id, traceId);
    assert.equal(record.trace_id, traceId);
  });
});

describe('a stream that doesn’t go well', () => {
  const failures: Record<
    string,
    { serve: (stream: http2.ServerHttp2Stream) => void; give?: 'up' | 'connection up'; error: RegExp; status?: number }
  > = {
    'its client gives up before the response': {
      serve: (stream) => stream.on('aborted', () => undefined),
      give: 'up',
      error: /^The stream was closed before the response was sent \(CANCEL\)$/,
    },
    'its client gives up in the middle of the response': {
      serve: (stream) => {
        stream.respond({ 'content-type': 'text/plain' });
        stream.write('half');
      },
      give: 'up',
      status: 200,
      error: /\(CANCEL\)$/,
    },
    'its client gives up while an ended response is underway': {
      serve: (stream) => {
        stream.respond({ 'content-type': 'text/plain' });
        stream.end('x'.repeat(3_000_000));
      },
      give: 'up',
      status: 200,
      error: /\(CANCEL\)$/,
    },
    'the connection is lost': {
      serve: (stream) => {
        stream.respond();
        stream.write('half');
      },
      give: 'connection up',
      status: 200,
      error: /before the response was sent/,
    },
    'the server resets it': {
      serve: (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
      error: /NGHTTP2_REFUSED_STREAM|REFUSED_STREAM/,
    },
    'the server destroys it': { serve: (stream) => stream.destroy(), error: /before the response was sent$/ },
    'the server destroys it with an ended response underway': {
      serve: (stream) => {
        stream.respond();
        stream.end('x'.repeat(3_000_000));
        stream.destroy();
      },
      status: 200,
      error: /before the response was sent$/,
    },
    'the server destroys it with an error': {
      serve: (stream) => stream.destroy(new Error('broken by us')),
      error: /before the response was sent: broken by us$/,
    },
    'the server destroys it with a text': {
      serve: (stream) => stream.destroy('broken by us' as never),
      error: /before the response was sent: broken by us$/,
    },
    'the server destroys it with what can’t be read': {
      serve: (stream) => stream.destroy(Object.create(null) as never),
      error: /before the response was sent: an unreadable error$/,
    },
    'the server destroys the session': {
      serve: (stream) => stream.session?.destroy(),
      error: /before the response was sent/,
    },
    'it takes too long for the server': {
      serve: (stream) => stream.setTimeout(20, () => stream.close(http2.constants.NGHTTP2_CANCEL)),
      error: /\(CANCEL\)$/,
    },
  };
  for (const [name, { serve, give, error, status }] of Object.entries(failures)) {
    it(`is recorded as a failure where ${name}`, async () => {
      await start(
        http2.createServer().on('stream', (stream) => {
          stream.on('error', () => undefined);
          serve(stream);
        }),
      );
      const stream = client.request({ ':path': '/fails' }).on('error', () => undefined);
      if (give) {
        if (status) await once(stream, 'data');
        else await once(server, 'stream');
        if (give === 'up') stream.close(http2.constants.NGHTTP2_CANCEL);
        else client.destroy();
      }
      const record = await recordOf('/fails');
      assert.equal(record.outcome, 'failure');
      assert.match(String(record.error_message), error);
      assert.equal(record.response_repr.status_code, status);
      assert.equal(audit.requests.length, 1);
    });
  }

  it('is recorded as a failure where its client gives up at once, before it could be answered', async (t) => {
    await start(
      http2.createServer().on('stream', (stream, headers) => {
        const answer = (): void => stream.respond({ ':status': 200 }, { endStream: true });
        if (headers[':path'] === '/get') answer();
        else stream.resume().on('end', answer);
      }),
    );
    const socket = net.connect((server.address() as AddressInfo).port);
    t.after(() => socket.destroy());
    const get = [requestFrame(1, 'GET', '/get'), resetFrame(1)];
    const post = [requestFrame(3, 'POST', '/post'), lastDataFrame(3, 'body'), resetFrame(3)];
    socket.write(Buffer.concat([preface, ...get, ...post]));
    for (const name of ['/get', '/post']) {
      const record = await recordOf(name);
      assert.equal(record.outcome, 'failure');
      assert.equal(record.error_message, 'The stream was closed before the response was sent (CANCEL)');
    }
    assert.equal(audit.requests.length, 2);
  });

  it('is recorded as a failure where its client resets it without an error in the middle of the response', async (t) => {
    const served: http2.ServerHttp2Stream[] = [];
    await start(
      http2.createServer().on('stream', (stream) => {
        served.push(stream.on('error', () => undefined));
        stream.respond();
        stream.end('x'.repeat(100_000));
      }),
    );
    const socket = net.connect((server.address() as AddressInfo).port).on('error', () => undefined);
    t.after(() => socket.destroy());
    socket.write(Buffer.concat([preface, requestFrame(1, 'GET', '/left')]));
    // As much as it may send without leave.
    let received = 0;
    while (received < 65_535) received += ((await once(socket, 'data')) as [Buffer])[0].length;
    socket.write(resetFrame(1, http2.constants.NGHTTP2_NO_ERROR));
    while (!served[0]?.closed) await new Promise(setImmediate);
    // Only then does Node close such a stream.
    socket.resetAndDestroy();
    const record = await recordOf('/left');
    assert.equal(record.outcome, 'failure');
    assert.match(String(record.error_message), /^The stream was closed before the response was sent/);
  });

  it('is recorded with what came of a body that its client broke off', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.on('error', () => undefined).resume();
      }),
    );
    const stream = client.request({ ':method': 'POST', ':path': '/upload', 'content-type': 'text/plain' });
    stream.on('error', () => undefined).write('half');
    const [served] = (await once(server, 'stream')) as [http2.ServerHttp2Stream];
    if (served.readableLength === 0 && !served.readableDidRead) await once(served, 'data');
    client.destroy();
    const record = await recordOf('/upload');
    assert.equal(record.request_repr.body, 'half');
    assert.equal(record.request_repr.body_truncated, true);
    assert.equal(record.outcome, 'failure');
  });

  it('is recorded soon after its response, whatever is still to come of the request', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.resume().respond({ ':status': 413 });
        stream.end('too much');
      }),
    );
    const stream = client.request({ ':method': 'POST', ':path': '/endless', 'content-type': 'text/plain' });
    stream.write('some');
    const record = await recordOf('/endless');
    assert.equal(stream.closed, false);
    assert.equal(record.error_message, null);
    assert.equal(record.request_repr.body_truncated, true);
    assert.ok(record.execution_time < 0.4);
    stream.end();
  });
});

describe('CONNECT', () => {
  it('is recorded when the tunnel is closed, with its sizes and without what passed', async () => {
    await start(
      http2.createServer().on('stream', (stream) => {
        stream.respond({ ':status': 200 });
        stream.pipe(stream);
      }),
    );
    const stream = client.request({ ':method': 'CONNECT', ':authority': 'db:5432' });
    stream.write('secret');
    await once(stream, 'data');
    assert.equal(audit.requests.length, 0);
    await answerOf(stream.end());
    const record = await recordOf('db:5432');
    assert.equal(record.request_repr.method, 'CONNECT');
    assert.equal(record.outcome, 'success');
    assert.deepEqual([record.request_size, record.response_size], [6, 6]);
    assert.doesNotMatch(JSON.stringify(record), /secret/);
  });

  it('for a WebSocket is recorded as one, also where the client just goes away', async () => {
    await start(
      http2.createServer({ settings: { enableConnectProtocol: true } }).on('stream', (stream) => {
        stream.on('error', () => undefined).resume();
        stream.respond({ ':status': 200 });
        stream.write('hello');
      }),
    );
    await once(client, 'remoteSettings');
    const stream = client.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat' });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    const record = await recordOf('/chat');
    assert.equal(record.protocol, 'ws');
    assert.equal(record.request_repr.headers[':protocol'], 'websocket');
    assert.equal(record.outcome, 'success');
    assert.equal(record.response_size, 5);
  });

  it('that was refused is recorded as a failure', async () => {
    await start(http2.createServer().on('stream', (stream) => stream.respond({ ':status': 403 }, { endStream: true })));
    await answerOf(client.request({ ':method': 'CONNECT', ':authority': 'db:5432' }));
    const record = await recordOf('db:5432');
    assert.equal(record.response_repr.status_code, 403);
    assert.equal(record.outcome, 'failure');
  });
});

describe('a secure server', () => {
  it('has its streams recorded as https, and what comes over HTTP/1 once, as such', async () => {
    const on = http2.createSecureServer({ ...identity, allowHTTP1: true }, (request, response) => {
      response.end(request.httpVersion);
    });
    await start(on);
    assert.equal((await ask({ ':path': '/two' })).body, '2.0');
    const { port } = server.address() as AddressInfo;
    const body = await new Promise<string>((resolve, reject) => {
      https
        .get({ port, path: '/one', rejectUnauthorized: false, agent: false }, (response) => {
          response.setEncoding('utf8').on('data', resolve);
        })
        .on('error', reject);
    });
    assert.equal(body, '1.1');
    const [two, one] = [await recordOf('/two'), await recordOf('/one')];
    assert.deepEqual([two.protocol, one.protocol], ['https', 'https']);
    assert.deepEqual([two.response_repr.body, one.response_repr.body], ['2.0', '1.1']);
    assert.equal(audit.requests.length, 2);
  });
});

describe('a session without a server of its own', () => {
  it('has its streams recorded', async () => {
    await start(http2.createServer());
    const plain = net.createServer((socket) => {
      http2.performServerHandshake(socket).on('stream', (stream) => stream.respond({}, { endStream: true }));
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    client = http2.connect(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
    await ask({ ':path': '/handshake' });
    assert.equal((await recordOf('/handshake')).outcome, 'success');
    client.destroy();
    plain.close();
  });

  it('has a body that came with the headers recorded', async () => {
    await start(http2.createServer().on('stream', echo));
    const later = net.createServer((socket) => {
      // Handed over when there is something to read, all at once.
      socket.once('readable', () => setTimeout(() => server.emit('connection', socket), 50));
    });
    later.listen(0, '127.0.0.1');
    await once(later, 'listening');
    client = http2.connect(`http://127.0.0.1:${(later.address() as AddressInfo).port}`);
    await ask({ ':path': '/early', 'content-type': 'text/plain' }, 'early');
    const record = await recordOf('/early');
    assert.equal(record.request_repr.body, 'early');
    assert.equal(record.request_repr.body_truncated, undefined);
    later.close();
  });
});

describe('options', () => {
  it('leave out ignored paths, whose work still has its id and actor', async () => {
    let actor = '';
    await start(
      http2.createServer((request, response) => {
        Object.assign(request, { user: 'ann' });
        actor = currentActor().id;
        assert.ok(currentWork()?.requestId);
        response.end();
      }),
      { ignorePaths: ['/health'] },
    );
    await ask({ ':path': '/health?now' });
    await ask({ ':path': '/told' });
    await recordOf('/told');
    assert.equal(actor, 'ann');
    assert.equal(audit.requests.length, 1);
  });

  it('leave out what ignoreIncomingRequestHook says, by method, url, headers and connection', async () => {
    const seen: unknown[] = [];
    await start(
      http2.createServer((_request, response) => void response.end()),
      {
        ignoreIncomingRequestHook: ({ method, url, headers, httpVersion, httpVersionMajor, socket }) => {
          seen.push([method, url, headers['x-ignore'], httpVersion, httpVersionMajor, socket.remoteAddress]);
          return headers['x-ignore'] === 'yes';
        },
      },
    );
    await ask({ ':path': '/ignored?a', 'x-ignore': 'yes' });
    await ask({ ':path': '/told' });
    await recordOf('/told');
    assert.equal(audit.requests.length, 1);
    assert.deepEqual(seen[0], ['GET', '/ignored?a', 'yes', '2.0', 2, '127.0.0.1']);
  });

  it('show bodies and headers as captureBodies and captureHeaders say', async () => {
    await start(http2.createServer().on('stream', echo), { captureBodies: 'request', captureHeaders: ['content-*'] });
    await ask({ ':path': '/shown', 'content-type': 'text/plain', 'x-hidden': '1' }, 'body');
    const record = await recordOf('/shown');
    assert.equal(record.request_repr.body, 'body');
    assert.equal(record.response_repr.body, undefined);
    assert.equal(record.response_size, 4);
    assert.deepEqual(Object.keys(record.request_repr.headers), ['content-type']);
  });

  it('believe a proxy as trustProxy says', async () => {
    await start(
      http2.createServer((_request, response) => void response.end()),
      { trustProxy: true },
    );
    await ask({ ':path': '/proxied', 'x-forwarded-for': '203.0.113.7' });
    assert.equal((await recordOf('/proxied')).client_address, '203.0.113.7');
  });

  it('find the user by userOf, on the request of a handler, or on the stream', async () => {
    await start(http2.createServer(), {
      userOf: (request) => {
        const { login, stream } = request as { login?: string; stream?: { login?: string } };
        return login ?? stream?.login;
      },
    });
    server.on('request', (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => {
      if (request.url === '/compat') response.end(Object.assign(request, { login: 'ann' }) && 'x');
    });
    server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
      if (headers[':path'] !== '/stream') return;
      Object.assign(stream, { login: 'bob' }).respond({}, { endStream: true });
    });
    await Promise.all([ask({ ':path': '/compat' }), ask({ ':path': '/stream' })]);
    assert.equal((await recordOf('/compat')).actor_id, 'ann');
    assert.equal((await recordOf('/stream')).actor_id, 'bob');
  });

  it('stop and start recording; what is underway is recorded', async () => {
    const { auditInstrumentations } = await import('../../src/instrumentations.ts');
    await start(http2.createServer());
    audit.stop();
    const { observeEmitted } = await import('../../src/event/emit.ts');
    const told: string[] = [];
    const stop = observeEmitted((event) => {
      const { request_repr: request } = event as Incoming;
      told.push(request.path);
    });
    const [instrumentation] = auditInstrumentations({ outgoing: false, sequelize: false });
    const held: http2.ServerHttp2Stream[] = [];
    server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
      if (headers[':path'] === '/held') held.push(stream);
      else stream.respond({}, { endStream: true });
    });
    const underway = ask({ ':path': '/held' });
    await ask({ ':path': '/before' });
    instrumentation?.disable();
    await ask({ ':path': '/off' });
    held[0]?.respond({}, { endStream: true });
    await underway;
    instrumentation?.enable();
    await ask({ ':path': '/on' });
    await new Promise(setImmediate);
    instrumentation?.disable();
    stop();
    assert.deepEqual(told, ['/before', '/held', '/on']);
  });
});

describe('what is not recorded of HTTP/2', () => {
  it('is a request that Node refuses before anybody is told of it', async (t) => {
    const paths: unknown[] = [];
    const settings = { maxConcurrentStreams: 1 };
    await start(
      http2.createServer({ settings }).on('stream', (stream, headers) => {
        paths.push(headers[':path']);
        setTimeout(() => stream.respond({}, { endStream: true }), 20);
      }),
    );
    for (const asked of [[''], ['/one', '/two']]) {
      const socket = net.connect((server.address() as AddressInfo).port).resume();
      t.after(() => socket.destroy());
      socket.write(Buffer.concat([preface, ...asked.map((name, i) => requestFrame(2 * i + 1, 'GET', name))]));
    }
    await recordOf('/one');
    assert.deepEqual(paths, ['/one']);
    assert.equal(audit.requests.length, 1);
  });
});

describe('an application', () => {
  it('finds no listener, property or method of ours that it could see', async () => {
    const seen: unknown[] = [];
    await start(
      http2.createServer((request, response) => {
        const { stream } = request;
        seen.push(
          ['data', 'end', 'error', 'finish'].map((name) => [stream.listenerCount(name), request.listenerCount(name)]),
          [Object.keys(stream), Object.keys(request), Object.keys(server)].filter((keys) => /audit/i.test(keys.join())),
          ['push', 'emit', '_write', 'pushStream'].filter((name) => Object.hasOwn(stream, name)),
        );
        response.end();
      }),
    );
    await ask({ ':path': '/seen' });
    await recordOf('/seen');
    assert.deepEqual(seen, [
      [
        [0, 0],
        [1, 0],
        [1, 0],
        [0, 0],
      ],
      [],
      [],
    ]);
  });
});
