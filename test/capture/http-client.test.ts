import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import net from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import zlib from 'node:zlib';

import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { BatchLogRecordProcessor, type LogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';

import { setActor, withActor } from '../../src/context/actor.ts';
import { auditInstrumentations } from '../../src/instrumentations.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { inContext } from '../support/context-manager.ts';
import { outgoingRecords, outgoingTo } from '../support/outgoing-records.ts';
import { certificate, deadUrl, peer, serveTls } from '../support/peer.ts';
import { send, serve } from '../support/server.ts';

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;

beforeEach(async () => {
  audit = observeAudit();
  server = await serve(peer);
});
afterEach(async () => {
  audit.stop();
  await server.close();
});

/** Sends a request and reads the response to its end, or fails as the request does. */
async function fetched(url: string, options: https.RequestOptions = {}, body?: string | Buffer): Promise<string> {
  const request = (url.startsWith('https') ? https : http).request(url, options);
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return (await response.setEncoding('utf8').toArray()).join('');
}

describe('an exchange of node:http', () => {
  it('is recorded with endpoint, method, headers, bodies, status, sizes and time', async () => {
    const headers = { 'Content-Type': 'application/json', 'X-Custom': 'Kept', Authorization: 'Bearer abc.def' };
    await fetched(`${server.url}/echo?page=2`, { method: 'POST', headers }, '{"title":"hello"}');
    const record = await outgoingTo(audit, '/echo?page=2');
    assert.equal(record.message, 'Audit External Service');
    assert.equal(record.request_type, 'external');
    assert.equal(record.protocol, 'http');
    assert.equal(record.service_name, '127.0.0.1');
    assert.equal(record.request_repr.endpoint, `${server.url}/echo?page=2`);
    assert.equal(record.request_repr.method, 'POST');
    assert.equal(record.request_repr.headers['X-Custom'], 'Kept');
    assert.equal(record.request_repr.headers['Authorization'], '[REDACTED]');
    assert.equal(record.request_repr.headers['Host'], `127.0.0.1:${server.port}`);
    assert.deepEqual(record.request_repr.body, { title: 'hello' });
    assert.equal(record.response_repr.status_code, 200);
    assert.equal(record.response_repr.headers['Content-Type'], 'application/json');
    assert.deepEqual(record.response_repr.body, { title: 'hello' });
    assert.deepEqual([record.request_size, record.response_size], [17, 17]);
    assert.equal(record.error_message, null);
    assert.equal(record.outcome, 'success');
    assert.ok(record.execution_time > 0 && record.execution_time < 5);
  });

  it('is recorded once beside the record of the same exchange in the process that serves it', async () => {
    await fetched(`${server.url}/echo`);
    await outgoingTo(audit, '/echo');
    await audit.waitFor((record) => 'request_type' in record && record.request_type === 'internal');
    assert.deepEqual(audit.requests.map(({ request_type }) => request_type).toSorted(), ['external', 'internal']);
  });

  it('is recorded over TLS', async () => {
    const secure = await serveTls(peer);
    await fetched(`${secure.url}/echo`, { method: 'POST', ca: certificate, agent: false }, 'secret? no');
    const record = await outgoingTo(audit, '/echo');
    await secure.close();
    assert.equal(record.protocol, 'https');
    assert.equal(record.service_name, 'localhost');
    assert.equal(record.request_repr.endpoint, `${secure.url}/echo`);
    assert.equal(record.response_repr.body, 'secret? no');
  });

  for (const [name, options] of [
    ['an agent that keeps connections', { keepAlive: true, maxSockets: 1 }],
    ['an agent that closes them', { keepAlive: false }],
  ] as const) {
    it(`is recorded with ${name}`, async () => {
      const agent = new http.Agent(options);
      await Promise.all(
        ['a', 'b', 'c'].map((text) => fetched(`${server.url}/echo?${text}`, { method: 'POST', agent }, text)),
      );
      for (const text of ['a', 'b', 'c']) {
        const { request_repr, response_repr } = await outgoingTo(audit, `?${text}`);
        assert.deepEqual([request_repr.body, response_repr.body], [text, text]);
      }
      agent.destroy();
      assert.equal(outgoingRecords(audit).length, 3);
    });
  }

  it('is recorded by http.get with an options object, and with headers in an array', async () => {
    const options = {
      host: '127.0.0.1',
      port: server.port,
      path: '/echo',
      headers: ['Host', 'me', 'X-Two', 'a', 'X-Two', 'b'],
    };
    http.get(options, (response) => response.resume());
    const { request_repr } = await outgoingTo(audit, '/echo');
    assert.deepEqual(request_repr.headers['X-Two'], ['a', 'b']);
    assert.equal(request_repr.endpoint, `${server.url}/echo`, 'it names who was connected to, not who was said to be');
  });

  it('hides secrets in the URL, in headers and in bodies', async () => {
    const body = JSON.stringify({ password: 'hunter2', note: 'kept' });
    const headers = { 'Content-Type': 'application/json', Cookie: 'sid=hunter2', 'X-Api-Key': 'hunter2' };
    await fetched(`${server.url.replace('//', '//me:hunter2@')}/echo?token=hunter2`, { method: 'POST', headers }, body);
    const record = await outgoingTo(audit, '');
    assert.ok(!JSON.stringify(record).includes('hunter2'), JSON.stringify(record));
    assert.match(record.request_repr.endpoint, /\/echo\?token=/);
  });

  it('has the body that was written in parts, in whatever encoding', async () => {
    const request = http.request(`${server.url}/echo`, { method: 'POST', headers: { 'Content-Type': 'text/plain' } });
    request.write('gr', 'latin1');
    request.write(Buffer.from('ü'));
    request.end('c39f', 'hex');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    const { request_repr, response_repr, request_size } = await outgoingTo(audit, '/echo');
    assert.deepEqual([request_repr.body, response_repr.body, request_size], ['grüß', 'grüß', 6]);
  });

  it('has bodies of three million bytes cut, with their true sizes', async () => {
    const body = 'b'.repeat(3_000_000);
    assert.equal((await fetched(`${server.url}/big`, { method: 'POST' }, body)).length, 3_000_000);
    const record = await outgoingTo(audit, '/big');
    assert.deepEqual([record.request_size, record.response_size], [3_000_000, 3_000_000]);
    assert.equal(record.request_repr.body, 'b'.repeat(65_536));
    assert.equal(record.response_repr.body, 'a'.repeat(65_536));
    assert.ok(record.request_repr.body_truncated && record.response_repr.body_truncated);
  });

  it('has a compressed response decoded', async () => {
    await server.close();
    server = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' });
      response.end(zlib.gzipSync('{"a":1}'));
    });
    await fetched(`${server.url}/gzip`);
    assert.deepEqual((await outgoingTo(audit, '/gzip')).response_repr.body, { a: 1 });
  });

  it('has a response that the application never reads', async () => {
    const request = http.get(`${server.url}/moved`);
    await once(request, 'response');
    const { response_repr } = await outgoingTo(audit, '/moved');
    assert.deepEqual([response_repr.status_code, response_repr.body], [302, 'moved']);
  });

  it('has the size of a response that nobody waits for, of which Node shows nothing', async () => {
    http.request(`${server.url}/moved`).end();
    const { response_repr, response_size } = await outgoingTo(audit, '/moved');
    assert.deepEqual([response_repr.status_code, response_repr.body_truncated, response_size], [302, true, 5]);
  });

  it('is recorded when a response that nobody reads is broken off', async () => {
    const request = http.get(`${server.url}/big`, { agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.destroy();
    const record = await outgoingTo(audit, '/big');
    assert.equal(record.response_repr.status_code, 200);
    assert.equal(record.outcome, 'failure');
    assert.ok(record.error_message);
  });

  it('is recorded with an answer that came before the request was sent to its end', async () => {
    const request = http.request(`${server.url}/401`, { method: 'POST' });
    request.write('first');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    request.end('last');
    const record = await outgoingTo(audit, '/401');
    assert.deepEqual([record.response_repr.status_code, record.request_size], [401, 9]);
  });

  it('is recorded when it became an upgrade', async () => {
    const upgrading = http.createServer().on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    });
    await once(upgrading.listen(0), 'listening');
    const { port } = upgrading.address() as { port: number };
    const request = http.get({ port, path: '/up', headers: { Connection: 'Upgrade', Upgrade: 'x' } });
    const [, socket] = (await once(request, 'upgrade')) as [unknown, { destroy(): void }];
    socket.destroy();
    upgrading.close();
    const { response_repr, outcome } = await outgoingTo(audit, '/up');
    assert.deepEqual([response_repr.status_code, outcome], [101, 'success']);
  });
});

describe('an exchange of node:http that fails', () => {
  async function failure(url: string, options: https.RequestOptions = {}): Promise<[unknown, string | undefined]> {
    const path = new URL(url).pathname;
    await assert.rejects(fetched(url, { method: 'POST', ...options }, 'body'));
    const record = await outgoingTo(audit, path);
    assert.equal(record.outcome, 'failure');
    assert.equal(outgoingRecords(audit).length, 1);
    return [record.response_repr.status_code, record.error_message ?? undefined];
  }

  it('is recorded without a status when nobody listens', async () => {
    const [status, error = ''] = await failure(`${await deadUrl()}/refused`);
    assert.equal(status, undefined);
    assert.match(error, /ECONNREFUSED/);
  });

  it('is recorded when the name is not known', async () => {
    const lookup: https.RequestOptions['lookup'] = (host, _options, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), '');
    const [status, error = ''] = await failure('http://nowhere.invalid/unknown', { lookup });
    assert.equal(status, undefined);
    assert.match(error, /ENOTFOUND nowhere\.invalid/);
  });

  it('is recorded with what is wrong with an answer that cannot be read', async () => {
    const garbled = net.createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nno header\r\n\r\n')),
    );
    await once(garbled.listen(0, '127.0.0.1'), 'listening');
    const { port } = garbled.address() as net.AddressInfo;
    const [, error] = await failure(`http://127.0.0.1:${port}/garbled`);
    assert.match(error ?? '', /^Parse Error: Invalid header (?:token|field).* \(HPE_INVALID_HEADER_TOKEN\)$/);
    garbled.close();
  });

  it('is recorded when the certificate is not trusted', async () => {
    const secure = await serveTls(peer);
    const [status, error = ''] = await failure(`${secure.url}/untrusted`);
    await secure.close();
    assert.equal(status, undefined);
    assert.match(error, /^DEPTH_ZERO_SELF_SIGNED_CERT: /);
  });

  it('is recorded when the connection is closed before an answer', async () => {
    assert.match((await failure(`${server.url}/reset`))[1] ?? '', /ECONNRESET: socket hang up/);
  });

  it('is recorded when the connection is closed in the response, with what had come', async () => {
    assert.deepEqual(await failure(`${server.url}/half`), [200, 'ECONNRESET: aborted']);
    const { response_repr } = await outgoingTo(audit, '/half');
    assert.deepEqual([response_repr.body, response_repr.body_truncated], ['half', true]);
  });

  it('is recorded when it is aborted before the head of the response', async () => {
    assert.deepEqual(await failure(`${server.url}/silent`, { signal: AbortSignal.timeout(30) }), [
      undefined,
      'ABORT_ERR: The operation was aborted',
    ]);
  });

  it('is recorded when it is aborted in the body of the response', async () => {
    const abort = new AbortController();
    const request = http.get(`${server.url}/slow`, { signal: abort.signal });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.once('data', () => abort.abort());
    const record = await outgoingTo(audit, '/slow');
    assert.equal(record.response_repr.status_code, 200);
    assert.equal(record.response_repr.body, 'slow');
    assert.match(record.error_message ?? '', /abort/i);
  });

  it('is recorded with the error that the application gives up with at a time-out', async () => {
    const request = http.get(`${server.url}/silent`, { timeout: 20 });
    request.on('timeout', () => request.destroy(new Error('too slow for password=hunter2')));
    await once(request, 'error');
    const { error_message } = await outgoingTo(audit, '/silent');
    assert.match(error_message ?? '', /too slow for/);
    assert.doesNotMatch(error_message ?? '', /hunter2/);
  });

  it('is recorded where the application gives up with an error that throws when it is looked at', async () => {
    const error = Object.defineProperty(new Error('hostile'), 'code', { get: () => assert.fail('a look') });
    const request = http.get(`${server.url}/silent?hostile`, { timeout: 20 });
    request.on('timeout', () => request.destroy(error));
    assert.equal((await once(request, 'error'))[0], error);
    assert.equal((await outgoingTo(audit, '/silent?hostile')).error_message, 'Error');
  });

  it('is a failure with a status of 400 or more', async () => {
    await fetched(`${server.url}/404`);
    assert.equal((await outgoingTo(audit, '/404')).outcome, 'failure');
  });
});

describe('the origin of an outgoing exchange', () => {
  it('is the incoming request that caused it, and its user, whatever happens at the same time', async () => {
    const front = await serve((request, response) => {
      setActor(String(request.headers['x-user']));
      void fetched(`${server.url}/echo?${request.url?.slice(1)}`).then((text) => response.end(text));
    });
    await Promise.all(
      ['ann', 'bob', 'cid'].map((name) =>
        send(front.port, { path: `/${name}`, headers: { 'x-user': name, 'x-request-id': `of-${name}` } }),
      ),
    );
    for (const name of ['ann', 'bob', 'cid']) {
      const { actor_id, request_id } = await outgoingTo(audit, `/echo?${name}`);
      assert.deepEqual([actor_id, request_id], [name, `of-${name}`]);
    }
    await front.close();
  });

  it('is the system outside of a request, and whoever a job acts for', async () => {
    await fetched(`${server.url}/echo?job`);
    await withActor('nightly', () => fetched(`${server.url}/echo?nightly`));
    const system = await outgoingTo(audit, '?job');
    assert.deepEqual([system.actor_id, system.request_id], ['system', undefined]);
    assert.equal((await outgoingTo(audit, '?nightly')).actor_id, 'nightly');
  });

  it('is the span that is active, and no header is added for it', async () => {
    const spanContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
    await inContext(trace.setSpanContext(ROOT_CONTEXT, spanContext), () => fetched(`${server.url}/echo`));
    const { trace_id, span_id, request_repr } = await outgoingTo(audit, '/echo');
    assert.deepEqual([trace_id, span_id], [spanContext.traceId, spanContext.spanId]);
    assert.deepEqual(Object.keys(request_repr.headers).toSorted(), ['Connection', 'Host']);
  });
});

describe('what is not recorded', () => {
  /** Something recorded, after which what came before would be there. */
  async function assertOnly(path: string): Promise<void> {
    await fetched(`${server.url}${path}`);
    await outgoingTo(audit, path);
    assert.equal(outgoingRecords(audit).length, 1);
  }

  it('is what is done under suppressed tracing', async () => {
    await inContext(suppressTracing(ROOT_CONTEXT), () => fetched(`${server.url}/echo`));
    await assertOnly('/204');
  });

  it('is what an exporter sends, also where no context manager tells that tracing is suppressed', async () => {
    const exporter = otlpExporter(`${server.url}/200`);
    const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
    provider.getLogger('test').emit({ body: 'exported' });
    await provider.forceFlush();
    await audit.waitFor((record) => 'request_type' in record && record.request_type === 'internal');
    await provider.shutdown();
    await assertOnly('/204');
  });

  it('is anything, once it is disabled', async () => {
    audit.stop();
    await fetched(`${server.url}/echo`);
    audit = observeAudit();
    await assertOnly('/204');
  });

  it('is what goes out, where the operator says so', async () => {
    audit.stop();
    audit = observeAudit({ outgoing: false });
    await fetched(`${server.url}/echo`);
    await audit.waitFor((record) => 'request_type' in record && record.request_type === 'internal');
    assert.equal(outgoingRecords(audit).length, 0);
  });
});

/** The SDK's own exporter. */
function otlpExporter(url: string): LogRecordExporter {
  const fromSdk = createRequire(import.meta.resolve('@opentelemetry/sdk-node'));
  const { OTLPLogExporter } = fromSdk('@opentelemetry/exporter-logs-otlp-http') as {
    OTLPLogExporter: new (options: object) => LogRecordExporter;
  };
  return new OTLPLogExporter({ url });
}

describe('an exchange in flight', () => {
  it('is still recorded in full when it is disabled meanwhile', async () => {
    const instrumentations = auditInstrumentations({ sequelize: false });
    audit.stop();
    audit = observeAudit({ http: false });
    const body = fetched(`${server.url}/echo`, { method: 'POST' }, 'kept');
    instrumentations.forEach((instrumentation) => instrumentation.disable());
    await body;
    assert.equal((await outgoingTo(audit, '/echo')).response_repr.body, 'kept');
  });

  it('is recorded once by two instrumentations', async () => {
    const second = auditInstrumentations({ sequelize: false });
    await fetched(`${server.url}/echo`);
    await outgoingTo(audit, '/echo');
    second.forEach((instrumentation) => instrumentation.disable());
    assert.equal(outgoingRecords(audit).length, 1);
  });
});
