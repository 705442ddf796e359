import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { type TestContext, afterEach, beforeEach, describe, it } from 'node:test';

import type { ExchangeRequest, ExchangeResponse } from '../../src/capture/exchange-hooks.ts';
import { HttpServerInstrumentation } from '../../src/capture/http-server.ts';
import { currentWork } from '../../src/context/work.ts';
import type { RequestEvent } from '../../src/event/event.ts';
import { createRedactor } from '../../src/event/redact.ts';
import type { InstrumentationOptions } from '../../src/options.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { outgoingTo } from '../support/outgoing-records.ts';
import { deadUrl } from '../support/peer.ts';
import { plainProvider } from '../support/provider.ts';
import { send, serve } from '../support/server.ts';

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;

/** Answers `/created` with 201, nothing at all for `/silent`, and 200 for the rest; its middleware finds the tenant late. */
const application: http.RequestListener = (request, response) => {
  Object.assign(request, { tenant: 'acme' });
  if (request.url === '/silent') request.destroy();
  else response.writeHead(request.url === '/created' ? 201 : 200, { 'X-Answer': ['1', '2'] }).end('done');
};

beforeEach(async () => {
  server = await serve(application);
});
afterEach(async () => {
  audit.stop();
  await server.close();
});

function start(options: InstrumentationOptions): void {
  audit = observeAudit(options);
}

function incoming(path = ''): Promise<RequestEvent> {
  return audit.waitFor<RequestEvent>((record) => {
    const { request_repr: request } = record as RequestEvent;
    return request !== undefined && 'path' in request && request.path.endsWith(path);
  });
}

/** What was said to the operator that has `text` in it. */
function reportsOf(t: TestContext, text: string): () => string[] {
  const { mock: said } = t.mock.method(process.stderr, 'write', () => true);
  return () => said.calls.map((call) => String(call.arguments[0])).filter((report) => report.includes(text));
}

/** Serves by the compatibility API, but `/stream` by the other one, and gives what asks it. */
async function serveHttp2(t: TestContext): Promise<(path: string, headers?: object) => Promise<void>> {
  const http2Server = http2.createServer().on('request', (request, response) => {
    if (request.url === '/stream') return;
    Object.assign(request, { tenant: 'acme' });
    response.writeHead(request.url === '/created' ? 201 : 200, { 'x-answer': ['1', '2'] }).end('done');
  });
  http2Server.on('stream', (stream, headers) => {
    if (headers[':path'] === '/stream') Object.assign(stream, { tenant: 'acme' }).respond({}, { endStream: true });
  });
  await once(http2Server.listen(0, '127.0.0.1'), 'listening');
  const session = http2.connect(`http://127.0.0.1:${(http2Server.address() as net.AddressInfo).port}`);
  t.after(() => (session.destroy(), http2Server.close()));
  return async (path, headers) => {
    await once(session.request({ ':path': path, ...headers }).resume(), 'close');
  };
}

/** First, since a report is made once a minute. */
describe('a hook that goes wrong', () => {
  it('because it throws is reported once, and the records go out', async (t) => {
    const reports = reportsOf(t, 'not today');
    const hook = (): never => {
      throw new Error('not today');
    };
    const ask = await serveHttp2(t);
    start({ requestHook: hook, responseHook: hook });
    for (const path of ['/one', '/two']) await send(server.port, { path });
    for (const path of ['/three', '/four']) await ask(path);
    for (const path of ['/two', '/four']) {
      assert.equal((await outgoingTo(audit, path)).response_repr.status_code, 200);
      assert.equal((await incoming(path)).attributes, undefined);
    }
    assert.deepEqual(
      reports().map((report) => report.slice(0, report.indexOf('\n'))),
      ['request', 'response'].map((name) => `activity-audit: asking ${name}Hook failed: Error: not today`),
    );
  });

  it('leaves what the other one has said', async () => {
    start({
      requestHook: () => ({ kept: true }),
      responseHook() {
        throw new Error('not today');
      },
    });
    await send(server.port, { path: '/' });
    assert.deepEqual((await incoming()).attributes, { kept: true });
  });

  const answers: [what: string, answer: () => unknown][] = [
    ['a promise that is kept', () => Promise.resolve({ late: true })],
    ['a promise that is broken', () => Promise.reject(new Error('too late'))],
    ['a text', () => 'acme'],
    ['a list', () => ['acme']],
    [
      'an object that can’t be read',
      () => ({
        get tenant() {
          throw new Error('unreadable');
        },
      }),
    ],
  ];
  for (const [what, answer] of answers) {
    it(`because it returns ${what} adds nothing`, async () => {
      start({ requestHook: answer as never, responseHook: answer as never });
      await send(server.port, { path: '/' });
      const record = await incoming();
      assert.deepEqual([record.outcome, 'attributes' in JSON.parse(JSON.stringify(record))], ['success', false]);
    });
  }
});

describe('requestHook, for what comes in', () => {
  it('is asked as the headers have come, in the work of the request, and adds to the record', async () => {
    const seen: unknown[] = [];
    start({
      outgoing: false,
      requestHook: (request) => {
        seen.push(currentWork()?.requestId, 'tenant' in request);
        return { 'tenant.id': request.headers['x-tenant'], probe: request.url === '/probe', none: undefined };
      },
    });
    await send(server.port, { path: '/probe', headers: { 'X-Request-Id': 'id-1', 'X-Tenant': 'acme' } });
    assert.deepEqual((await incoming()).attributes, { 'tenant.id': 'acme', probe: true });
    assert.deepEqual(seen, ['id-1', false]);
  });

  it('is not asked of what is not recorded', async () => {
    const asked: (string | undefined)[] = [];
    start({
      outgoing: false,
      ignorePaths: ['/ignored'],
      requestHook: ({ url }) => void asked.push(url),
    });
    for (const path of ['/ignored', '/']) await send(server.port, { path });
    await incoming();
    assert.deepEqual(asked, ['/']);
  });
});

describe('responseHook, for what comes in', () => {
  it('sees status, headers and what the application has found out, and wins', async () => {
    let seen: ExchangeResponse | undefined;
    start({
      outgoing: false,
      requestHook: () => ({ a: 'request', b: 'request' }),
      responseHook: (response, request) => {
        seen = response;
        return { b: 'response', tenant: (request as { tenant?: string }).tenant };
      },
    });
    await send(server.port, { path: '/created' });
    assert.deepEqual((await incoming()).attributes, { a: 'request', b: 'response', tenant: 'acme' });
    assert.equal(seen?.statusCode, 201);
    assert.deepEqual(seen.headers['x-answer'], ['1', '2']);
  });

  it('is also asked where there was no response', async () => {
    start({ outgoing: false, responseHook: ({ statusCode, headers }) => ({ statusCode, ...headers, asked: true }) });
    await assert.rejects(send(server.port, { path: '/silent' }));
    assert.deepEqual((await incoming()).attributes, { asked: true });
  });

  it('is asked of an upgrade when that is answered, and the request is then let go', async (t) => {
    const upgrading = http.createServer().on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX-Answer: yes\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
      socket.on('data', () => socket.end());
    });
    await once(upgrading.listen(0, '127.0.0.1'), 'listening');
    t.after(() => upgrading.close());
    const asked: (number | undefined)[] = [];
    start({
      outgoing: false,
      requestHook: ({ url }) => ({ url, within: currentWork()?.requestId }),
      responseHook: ({ statusCode, headers }) => {
        asked.push(statusCode);
        return { answer: headers['x-answer'] };
      },
    });
    const socket = net.connect((upgrading.address() as net.AddressInfo).port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('GET /chat HTTP/1.1\r\nHost: x\r\nX-Request-Id: id-1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await once(socket, 'data');
    assert.deepEqual(asked, [101]);
    socket.write('bye');
    assert.deepEqual((await incoming()).attributes, { url: '/chat', within: 'id-1', answer: 'yes' });
    assert.deepEqual(asked, [101]);
  });
});

const clients: Record<string, (url: string, headers: Record<string, string>) => Promise<unknown>> = {
  'node:http': (url, headers) => {
    const { port, pathname: path } = new URL(url);
    return send(Number(port), { path, headers });
  },
  fetch: async (url, headers) => (await fetch(url, { headers })).text(),
};

for (const [client, ask] of Object.entries(clients)) {
  describe(`hooks, for what goes out by ${client},`, () => {
    it('see the same facts of every client, and add to the record', async () => {
      const requests: ExchangeRequest[] = [];
      start({
        requestHook: (request) => ('rawHeaders' in request ? undefined : { kind: request.headers['x-kind'] }),
        responseHook: ({ statusCode, headers }, request) => {
          if ('rawHeaders' in request) return undefined;
          requests.push(request);
          return { statusCode, answers: headers['x-answer'] };
        },
      });
      await ask(`${server.url}/created`, { 'X-Kind': 'nightly' });
      const { attributes } = await outgoingTo(audit, '/created');
      assert.deepEqual(attributes, { kind: 'nightly', statusCode: 201, answers: ['1', '2'] });
      const [{ method, url, headers } = {} as ExchangeRequest] = requests;
      assert.deepEqual([method, url, headers?.['x-kind']], ['GET', `${server.url}/created`, 'nightly']);
      assert.equal((await incoming()).attributes, undefined);
    });

    it('are asked where there is no response', async () => {
      start({ responseHook: ({ statusCode, headers }) => ({ statusCode, ...headers, asked: true }) });
      await assert.rejects(ask(`${await deadUrl()}/dead`, {}));
      assert.deepEqual((await outgoingTo(audit, '/dead')).attributes, { asked: true });
    });

    it('can’t rewrite what is recorded or sent', async () => {
      start({
        requestHook: (request) => Object.assign(request, { method: 'PUT', url: '/other', headers: {} }) && undefined,
        responseHook: (response) => Object.assign(response, { statusCode: 500, headers: {} }) && undefined,
        ignorePaths: ['/created'],
      });
      await ask(`${server.url}/created`, { 'X-Kind': 'nightly' });
      const { request_repr, response_repr } = await outgoingTo(audit, '/created');
      assert.equal(request_repr.method, 'GET');
      assert.ok(Object.keys(request_repr.headers).some((name) => name.toLowerCase() === 'x-kind'));
      assert.deepEqual([response_repr.status_code, response_repr.headers['X-Answer']], [201, ['1', '2']]);
    });

    for (const hook of ['requestHook', 'responseHook'] as const) {
      it(`are not asked of the requests that a ${hook} sends`, async () => {
        const sent: Promise<unknown>[] = [];
        start({
          ignorePaths: ['*'],
          [hook]: () => {
            sent.push(ask(`${server.url}/from-the-hook`, {}));
            return { asked: true };
          },
        });
        await ask(`${server.url}/created`, {});
        assert.deepEqual((await outgoingTo(audit, '/created')).attributes, { asked: true });
        assert.equal((await outgoingTo(audit, '/from-the-hook')).attributes, undefined);
        await Promise.all(sent);
        assert.equal(sent.length, 1);
      });
    }
  });
}

describe('hooks, over HTTP/2,', () => {
  it('for what comes in, are asked in the work of the request, and see what the application has found out', async (t) => {
    const seen: unknown[] = [];
    const ask = await serveHttp2(t);
    start({
      outgoing: false,
      requestHook: (request) => {
        seen.push(currentWork()?.requestId, 'tenant' in request);
        return { a: request.headers['x-tenant'], b: request.url };
      },
      responseHook: ({ statusCode, headers }, request) => {
        const { tenant } = request as { tenant?: string };
        return { b: statusCode, tenant, answers: headers['x-answer'] };
      },
    });
    await ask('/created', { 'x-request-id': 'id-1', 'x-tenant': 'umbrella' });
    const { attributes } = await incoming();
    assert.deepEqual(attributes, { a: 'umbrella', b: 201, tenant: 'acme', answers: ['1', '2'] });
    assert.deepEqual(seen, ['id-1', false]);
  });

  it('for what comes in, find the stream where there is no request of the compatibility API', async (t) => {
    const ask = await serveHttp2(t);
    start({
      outgoing: false,
      responseHook: (_response, request) => ({
        tenant: (request as { stream?: { tenant?: string } }).stream?.tenant,
      }),
    });
    await ask('/stream');
    assert.deepEqual((await incoming()).attributes, { tenant: 'acme' });
  });

  it('for what goes out, see the same facts as of every client', async (t) => {
    const requests: ExchangeRequest[] = [];
    const ask = await serveHttp2(t);
    start({
      ignorePaths: ['*'],
      requestHook: ({ headers }) => ({ kind: headers['x-kind'] }),
      responseHook: ({ statusCode, headers }, request) => {
        requests.push(request);
        return { statusCode, answers: headers['x-answer'] };
      },
    });
    await ask('/created', { 'X-Kind': 'nightly' });
    const { attributes, request_repr } = await outgoingTo(audit, '/created');
    assert.deepEqual(attributes, { kind: 'nightly', statusCode: 201, answers: ['1', '2'] });
    const [{ method, url, headers } = {} as ExchangeRequest] = requests;
    assert.deepEqual([method, url, headers?.['x-kind']], ['GET', request_repr.endpoint, 'nightly']);
  });

  it('can’t rewrite what is recorded', async (t) => {
    const ask = await serveHttp2(t);
    start({
      requestHook: (request) => Object.assign(request, { method: 'PUT', url: '/other', headers: {} }) && undefined,
      responseHook: (response) => Object.assign(response, { statusCode: 500, headers: {} }) && undefined,
    });
    await ask('/created', { 'x-kind': 'nightly' });
    const records = [await outgoingTo(audit, '/created'), await incoming()];
    for (const { request_repr, response_repr } of records) {
      assert.equal(request_repr.method, 'GET');
      assert.equal(request_repr.headers['x-kind'], 'nightly');
      assert.deepEqual([response_repr.status_code, response_repr.headers['x-answer']], [201, ['1', '2']]);
    }
    const [, { request_repr } = {} as RequestEvent] = records;
    assert.equal('path' in request_repr && request_repr.path, '/created');
  });

  for (const hook of ['requestHook', 'responseHook'] as const) {
    it(`are not asked of the requests that a ${hook} sends`, async (t) => {
      const sent: Promise<void>[] = [];
      const ask = await serveHttp2(t);
      start({
        ignorePaths: ['*'],
        [hook]: () => {
          sent.push(ask('/from-the-hook'));
          return { asked: true };
        },
      });
      await ask('/created');
      assert.deepEqual((await outgoingTo(audit, '/created')).attributes, { asked: true });
      assert.equal((await outgoingTo(audit, '/from-the-hook')).attributes, undefined);
      await Promise.all(sent);
      assert.equal(sent.length, 1);
    });
  }
});

describe('attributes of a record', () => {
  it('are redacted, and any value becomes JSON', async () => {
    start({
      outgoing: false,
      redaction: { paths: ['attributes.plan'] },
      requestHook: () => ({
        password: 'hunter2',
        note: 'Bearer abc.def',
        plan: 'gold',
        at: new Date(0),
        big: 7n,
        nested: { apiKey: 'k', list: [1] },
      }),
    });
    await send(server.port, { path: '/' });
    assert.deepEqual((await incoming()).attributes, {
      password: '[REDACTED]',
      note: 'Bearer [REDACTED]',
      plan: '[REDACTED]',
      at: '1970-01-01T00:00:00.000Z',
      big: '7',
      nested: { apiKey: '[REDACTED]', list: [1] },
    });
  });

  it('stand before what all records end with', async () => {
    start({ outgoing: false, requestHook: () => ({ probe: true }) });
    await send(server.port, { path: '/' });
    assert.match(JSON.stringify(await incoming()), /"response_size":4,"attributes":\{"probe":true\},"outcome":/);
  });

  it('are what the hook returned, whatever becomes of that later', async () => {
    const state: Record<string, string> = { step: 'asked' };
    start({ outgoing: false, requestHook: () => state, responseHook: () => void (state['step'] = 'done') });
    await send(server.port, { path: '/' });
    assert.deepEqual((await incoming()).attributes, { step: 'asked' });
  });

  it('are attributes of the LogRecord, under their own names, and change with the configuration', async () => {
    start({ http: false });
    const { provider, records } = plainProvider();
    const config = { redactor: createRedactor(), requestHook: () => ({ 'tenant.id': 'acme' }) };
    const instrumentation = new HttpServerInstrumentation(config);
    instrumentation.setLoggerProvider(provider);
    await send(server.port, { path: '/' });
    instrumentation.disable();
    const forged = { 'user.id': 'root', 'http.response.status_code': 500, 'http.request.header.host': ['x'] };
    instrumentation.setConfig({ ...config, requestHook: () => ({ 'tenant.id': 'umbrella', ...forged }) });
    instrumentation.enable();
    await send(server.port, { path: '/' });
    instrumentation.disable();
    assert.deepEqual(
      records.map(({ attributes }) => attributes['tenant.id']),
      ['acme', 'umbrella'],
    );
    const last = records[1]?.attributes ?? {};
    assert.deepEqual([last['user.id'], last['http.response.status_code']], [undefined, 200]);
    assert.deepEqual(last['http.request.header.host'], [`127.0.0.1:${server.port}`]);
  });
});
