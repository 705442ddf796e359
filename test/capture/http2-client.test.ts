import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

import { currentActor, withActor } from '../../src/context/actor.ts';
import { runInWork } from '../../src/context/work.ts';
import type { InstrumentationOptions } from '../../src/options.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { inContext, inSpan, spanId } from '../support/context-manager.ts';
import { installed } from '../support/install.ts';
import { outgoingRecords, outgoingTo } from '../support/outgoing-records.ts';
import { deadUrl, identity } from '../support/peer.ts';

type Server = http2.Http2Server | http2.Http2SecureServer;

let audit: AuditObserver;
let server: Server | undefined;
let url: string;
let session: http2.ClientHttp2Session;

afterEach(() => {
  audit.stop();
  session?.destroy();
  server?.close();
  server = undefined;
});

type Handle = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function start(handle: Handle, options?: InstrumentationOptions): Promise<void> {
  await serve(http2.createServer().on('stream', handle), options);
  connect(url);
}

async function serve(on: Server, options?: InstrumentationOptions): Promise<void> {
  audit = observeAudit(options);
  server = on.on('stream', (stream: http2.ServerHttp2Stream) => stream.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scheme = 'addContext' in server ? 'https' : 'http';
  url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connect(to: string): void {
  session = http2.connect(to, { rejectUnauthorized: false }).on('error', () => undefined);
}

/** Makes a request, and reads what comes of it. */
async function ask(headers: http2.OutgoingHttpHeaders, body?: string): Promise<string> {
  const stream = session.request({ ...(body !== undefined && { ':method': 'POST' }), ...headers });
  stream.on('error', () => undefined).end(body);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => stream.on('close', resolve));
  return Buffer.concat(chunks).toString();
}

const ok = (stream: http2.ServerHttp2Stream): void => stream.respond({}, { endStream: true });

describe('an exchange of an HTTP/2 session', () => {
  it('is recorded with endpoint, method, headers, bodies, status, sizes and time', async () => {
    await start((stream) => {
      stream.respond({ ':status': 201, 'content-type': 'application/json', 'x-many': ['1', '2'] });
      stream.pipe(stream);
    });
    const headers = { 'content-type': 'application/json', 'x-custom': 'Kept', authorization: 'Bearer abc.def' };
    await ask({ ':path': '/echo?page=2', ...headers }, '{"title":"hello"}');
    const record = await outgoingTo(audit, '/echo?page=2');
    assert.equal(record.message, 'Audit External Service');
    assert.equal(record.request_type, 'external');
    assert.equal(record.protocol, 'http');
    assert.equal(record.service_name, '127.0.0.1');
    assert.equal(record.request_repr.endpoint, `${url}/echo?page=2`);
    assert.equal(record.request_repr.method, 'POST');
    assert.deepEqual(record.request_repr.headers, {
      'content-type': 'application/json',
      'x-custom': 'Kept',
      authorization: '[REDACTED]',
      ':authority': url.slice('http://'.length),
    });
    assert.deepEqual(record.request_repr.body, { title: 'hello' });
    assert.equal(record.response_repr.status_code, 201);
    assert.deepEqual(record.response_repr.headers['x-many'], ['1', '2']);
    assert.deepEqual(record.response_repr.body, { title: 'hello' });
    assert.deepEqual([record.request_size, record.response_size], [17, 17]);
    assert.equal(record.error_message, null);
    assert.equal(record.outcome, 'success');
    assert.ok(record.execution_time > 0 && record.execution_time < 5);
  });

  it('is of the request that was being served when it was made', async () => {
    await start((stream, headers) => {
      if (headers[':path'] !== '/asked') return ok(stream);
      Object.assign(stream, { user: 'ann' });
      session.request({ ':path': '/asks' }).on('close', () => ok(stream));
    });
    await ask({ ':path': '/asked', 'x-request-id': 'mine' });
    const record = await outgoingTo(audit, '/asks');
    assert.equal(record.request_id, 'mine');
    assert.equal(record.actor_id, 'ann');
  });

  it('is recorded with trailers, a status after informational ones, and without a body', async () => {
    await start((stream) => {
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }));
      stream.additionalHeaders({ ':status': 103 });
      stream.respond({ ':status': 404, 'content-type': 'text/plain' }, { waitForTrailers: true });
      stream.end('none');
    });
    await ask({ ':path': '/none' });
    const record = await outgoingTo(audit, '/none');
    assert.equal(record.response_repr.status_code, 404);
    assert.equal(record.response_repr.body, 'none');
    assert.equal(record.outcome, 'failure');
    assert.equal(record.error_message, null);
  });

  it('is recorded where nobody reads the response', async () => {
    await start((stream) => {
      stream.respond({ 'content-type': 'text/plain' });
      stream.end('unread');
    });
    session.request({ ':path': '/unread' });
    const record = await outgoingTo(audit, '/unread');
    assert.equal(record.outcome, 'success');
    assert.equal(record.response_repr.body, 'unread');
  });

  for (const [status, outcome] of [
    ['0', 'success'],
    ['13', 'failure'],
  ]) {
    it(`is a ${outcome} where the trailers say ${status} for gRPC, which nobody waits for`, async () => {
      await start((stream) => {
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
        stream.respond({ 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
        stream.end('answer');
      });
      session.request({ ':path': '/grpc' });
      const record = await outgoingTo(audit, '/grpc');
      assert.equal(record.outcome, outcome);
      assert.equal(record.error_message, outcome === 'success' ? null : 'gRPC status 13 (INTERNAL)');
      assert.equal(record.response_size, 6);
    });
  }

  it('is recorded over TLS', async () => {
    await serve(http2.createSecureServer(identity).on('stream', ok));
    connect(url);
    await ask({ ':path': '/tls' });
    const record = await outgoingTo(audit, '/tls');
    assert.equal(record.protocol, 'https');
    assert.equal(record.request_repr.endpoint, `${url}/tls`);
  });

  it('is recorded as a tunnel, without what passed', async () => {
    await start((stream) => {
      stream.respond();
      stream.pipe(stream);
    });
    await ask({ ':method': 'CONNECT', ':authority': 'db:5432' }, 'secret');
    const record = await outgoingTo(audit, 'db:5432');
    assert.equal(record.service_name, 'db');
    assert.equal(record.outcome, 'success');
    assert.deepEqual([record.request_size, record.response_size], [6, 6]);
    assert.doesNotMatch(JSON.stringify(record), /secret/);
  });

  it('is recorded without the user info of an authority', async () => {
    await start(ok);
    await ask({ ':path': '/named', ':authority': 'ann:hunter2@host:1' });
    const record = await outgoingTo(audit, '/named');
    assert.equal(record.service_name, 'host');
    assert.equal(record.request_repr.headers[':authority'], '[REDACTED]@host:1');
    assert.doesNotMatch(JSON.stringify(record), /hunter2/);
  });

  it('carries the request id and the actor of the work that made it, and its events happen there', async () => {
    await start((stream, headers) => {
      stream.respond();
      if (headers[':path'] === '/cid') setTimeout(() => stream.session?.socket.destroy(), 20);
      else stream.end('body');
    });
    session.destroy();
    withActor({ id: 'opener' }, () => connect(url));
    const seen: string[] = [];
    await Promise.all(
      ['ann', 'bob', 'cid'].map((id) =>
        withActor({ id }, async () => {
          const stream = session.request({ ':path': `/${id}` });
          for (const event of ['response', 'data', 'end', 'close', 'error'])
            stream.on(event, () => seen.push(`${id} ${currentActor().id}`));
          await once(stream, 'close').catch(() => undefined);
        }),
      ),
    );
    assert.equal((await outgoingTo(audit, '/ann')).actor_id, 'ann');
    assert.equal((await outgoingTo(audit, '/bob')).actor_id, 'bob');
    assert.deepEqual([...new Set(seen)].toSorted(), ['ann ann', 'bob bob', 'cid cid']);
  });
});

describe('an exchange of an HTTP/2 session that fails', () => {
  it('is recorded where nobody listens', async () => {
    audit = observeAudit();
    url = await deadUrl();
    connect(url);
    await ask({ ':path': '/dead' });
    const record = await outgoingTo(audit, '/dead');
    assert.match(String(record.error_message), /ECONNREFUSED/);
    assert.equal(record.outcome, 'failure');
    assert.equal(record.response_repr.status_code, undefined);
  });

  it('is recorded where the server resets it', async () => {
    await start((stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM));
    await ask({ ':path': '/refused' });
    const record = await outgoingTo(audit, '/refused');
    assert.match(String(record.error_message), /^ERR_HTTP2_STREAM_ERROR: .*NGHTTP2_REFUSED_STREAM/);
    assert.equal(record.outcome, 'failure');
  });

  it('is recorded where the connection is lost in the middle of the response', async () => {
    await start((stream) => {
      stream.respond({ 'content-type': 'text/plain' });
      stream.write('half', () => stream.session?.socket.destroySoon());
      setImmediate(() => stream.session?.destroy());
    });
    await ask({ ':path': '/half' });
    const record = await outgoingTo(audit, '/half');
    assert.match(String(record.error_message), /not received to its end/);
    assert.equal(record.outcome, 'failure');
  });

  it('shows an upload that was broken off as cut, whoever broke it off', async () => {
    await start((stream, { ':path': target }) => {
      stream.once('data', () => target === '/reset' && stream.close(http2.constants.NGHTTP2_CANCEL));
    });
    for (const target of ['/reset', '/destroyed', '/ended']) {
      const headers = { ':method': 'POST', ':path': target, 'content-type': 'text/plain' };
      const stream = session.request(headers).on('error', () => undefined);
      stream.write('see https://ann:hunter');
      if (target === '/ended') stream.end('2@db.example');
      if (target !== '/reset') setImmediate(() => stream.destroy());
      const { request_repr: request } = await outgoingTo(audit, target);
      const isCut = target !== '/ended';
      const shown = `see https://[REDACTED]${isCut ? '' : '@db.example'}`;
      assert.deepEqual([request.body, request.body_truncated], [shown, isCut || undefined], target);
    }
  });

  it('is recorded where the application gives it up', async () => {
    await start((stream) => {
      stream.respond({ 'content-type': 'text/plain' });
      stream.write('half');
    });
    const stream = session.request({ ':path': '/given-up' });
    await once(stream, 'data');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    const record = await outgoingTo(audit, '/given-up');
    assert.equal(record.error_message, 'The response was not received to its end (CANCEL)');
    assert.equal(record.response_repr.body, 'half');
    assert.equal(record.response_repr.body_truncated, true);
  });
});

describe('forwardRequestId', () => {
  for (const [hosts, isSent] of [
    [['127.0.0.*'], true],
    [['127.0.0.1:1', 'localhost'], false],
  ] as const) {
    it(`as ${JSON.stringify(hosts)} has a request carry it ${isSent ? 'there' : 'nowhere'}`, async () => {
      await start(ok, { forwardRequestId: hosts });
      await runInWork({ requestId: 'id-1' }, () => ask({ ':path': '/asked' }));
      const { headers } = (await outgoingTo(audit, '/asked')).request_repr;
      assert.equal(headers['x-request-id'], isSent ? 'id-1' : undefined);
    });
  }

  it('goes by the host that a request says', async () => {
    await start(ok, { forwardRequestId: ['shop.example'] });
    await runInWork({ requestId: 'id-1' }, async () => {
      await ask({ ':path': '/says', ':authority': 'shop.example' });
      await ask({ ':path': '/says-too', Host: 'shop.example:81' });
    });
    for (const asked of ['/says', '/says-too'])
      assert.equal((await outgoingTo(audit, asked)).request_repr.headers['x-request-id'], 'id-1');
  });

  it('leaves the headers of the application and what is said of them', async () => {
    const got: http2.IncomingHttpHeaders[] = [];
    await start((stream, headers) => (got.push(headers), ok(stream)), { forwardRequestId: true });
    const headers = { ':path': '/asked', 'x-hidden': 'x', [http2.sensitiveHeaders]: ['x-hidden'] };
    await runInWork({ requestId: 'id-1' }, () => ask(headers));
    assert.deepEqual(Object.keys(headers), [':path', 'x-hidden']);
    assert.deepEqual([got[0]?.['x-request-id'], got[0]?.['x-hidden']], ['id-1', 'x']);
    assert.equal((await outgoingTo(audit, '/asked')).request_repr.headers['x-hidden'], '[REDACTED]');
  });

  it('leaves what Node.js refuses to it', async () => {
    await start(ok, { forwardRequestId: true });
    runInWork({ requestId: 'id-1' }, () => {
      for (const headers of [null, 7, 'x'])
        assert.throws(() => session.request(headers as never), { code: 'ERR_INVALID_ARG_TYPE' });
    });
  });
});

describe('what is not recorded of HTTP/2 sessions', () => {
  it('is the traffic of exporters, and what is done under suppressed tracing', async () => {
    await start(ok);
    await ask({ ':path': '/export', 'user-agent': 'OTel-OTLP-Exporter-JavaScript/0.223.0 grpc-node-js/1.14.0' });
    await inContext(suppressTracing(ROOT_CONTEXT), () => ask({ ':path': '/suppressed' }));
    await ask({ ':path': '/told' });
    await outgoingTo(audit, '/told');
    assert.equal(outgoingRecords(audit).length, 1);
  });

  it('is what is made while it is switched off', async () => {
    await serve(http2.createServer().on('stream', ok));
    connect(url);
    audit.stop();
    await ask({ ':path': '/off' });
    audit = observeAudit();
    await ask({ ':path': '/on' });
    await outgoingTo(audit, '/on');
    assert.equal(outgoingRecords(audit).length, 1);
  });
});

interface Undici {
  Agent: new (options: object) => { close(): Promise<void> };
  request(url: string, options: object): Promise<{ body: { text(): Promise<string> } }>;
}

describe('an exchange of undici over HTTP/2', () => {
  for (const version of ['6.29.1', '7.30.2', '8.12.4']) {
    it(`is recorded once, by undici ${version}`, async () => {
      const folder = await installed({ undici: version });
      const undici = createRequire(path.join(folder, 'index.js'))('undici') as Undici;
      await serve(
        http2.createSecureServer(identity).on('stream', (stream) => {
          stream.respond({ 'content-type': 'text/plain' });
          stream.end('over 2');
        }),
      );
      const dispatcher = new undici.Agent({ allowH2: true, connect: { rejectUnauthorized: false } });
      for (const name of ['/a', '/b']) {
        const { body } = await undici.request(url + name, { dispatcher });
        assert.equal(await body.text(), 'over 2');
        const record = await outgoingTo(audit, name);
        assert.equal(record.response_repr.body, 'over 2');
      }
      await dispatcher.close();
      assert.equal(outgoingRecords(audit).length, 2);
    });
  }
});

describe('an exchange of got over HTTP/2', () => {
  it('is recorded once, with the actor and the span of who made it, also where it waits for a connection', async () => {
    const folder = await installed({ got: '14.6.5' });
    // Loaded once recording has begun, as in an application.
    await serve(
      http2.createSecureServer({ ...identity, settings: { maxConcurrentStreams: 1 } }).on('stream', (stream) => {
        setTimeout(() => (stream.respond(), stream.end('over 2')), 10);
      }),
    );
    const file = path.join(folder, 'node_modules/got/dist/source/index.js');
    const library = (await import(pathToFileURL(file).href)) as Got;
    const options = { http2: true, https: { rejectUnauthorized: false }, retry: { limit: 0 } };
    const people = ['ann', 'bob', 'cid', 'dan'];
    const asks = (): Promise<string>[] =>
      people.map((id, i) => inSpan(i, () => withActor({ id }, () => library.got(`${url}/${id}`, options).text())));
    const texts = await inContext(ROOT_CONTEXT, () => Promise.all(asks()));
    assert.deepEqual(texts, ['over 2', 'over 2', 'over 2', 'over 2']);
    for (const [i, id] of people.entries()) {
      const { actor_id, span_id } = await outgoingTo(audit, `/${id}`);
      assert.deepEqual([actor_id, span_id], [id, spanId(i)]);
    }
    assert.equal(outgoingRecords(audit).length, 4);
  });
});

interface Got {
  got(url: string, options: object): { text(): Promise<string> };
}
