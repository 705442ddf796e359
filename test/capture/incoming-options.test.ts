import assert from 'node:assert/strict';
import http from 'node:http';
import { afterEach, describe, it } from 'node:test';

import { currentActor, setActor } from '../../src/context/actor.ts';
import { currentWork } from '../../src/context/work.ts';
import type { IncomingRequestRepr, RequestEvent } from '../../src/event/event.ts';
import type { InstrumentationOptions } from '../../src/options.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { send, serve } from '../support/server.ts';

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;

afterEach(async () => {
  audit.stop();
  await server.close();
});

const echo: http.RequestListener = (request, response) => {
  response.setHeader('Content-Type', request.headers['content-type'] ?? 'text/plain');
  response.setHeader('X-Answer', 'yes');
  request.pipe(response);
};

async function start(options: InstrumentationOptions, handler = echo): Promise<void> {
  audit = observeAudit({ outgoing: false, ...options });
  server = await serve(handler);
}

type Incoming = RequestEvent & { request_repr: IncomingRequestRepr };

/** The paths that are recorded, of requests made one after the other. */
async function recordedOf(paths: readonly string[]): Promise<string[]> {
  for (const path of paths) await send(server.port, { path });
  await send(server.port, { path: '/last' });
  await audit.waitFor((record) => (record as Incoming).request_repr?.path === '/last');
  return audit.requests.map((record) => (record as Incoming).request_repr.path).filter((path) => path !== '/last');
}

async function recordOf(type: string, body: string, headers: http.OutgoingHttpHeaders = {}): Promise<Incoming> {
  audit.clear();
  await send(server.port, { method: 'POST', path: '/', headers: { 'Content-Type': type, ...headers } }, body);
  return audit.waitFor<Incoming>(() => true);
}

describe('ignorePaths', () => {
  it('leaves out whole paths, whatever their query, those that fit a * and those that an expression finds', async () => {
    await start({ ignorePaths: ['/health', '/assets/*.js', /^\/internal/g] });
    assert.deepEqual(
      await recordedOf([
        '/health?verbose=1',
        '/healthy',
        '/health/',
        '/assets/a/b.js',
        '/assets/a/bXjs',
        '/internal/a',
        '/internal/b',
        '/an/internal',
      ]),
      ['/healthy', '/health/', '/assets/a/bXjs', '/an/internal'],
    );
  });

  it('leaves the work of the request what it is, also after another one on the same connection', async () => {
    const seen: [string | undefined, string][] = [];
    await start({ ignorePaths: ['/ignored'] }, (request, response) => {
      if (request.url === '/recorded') setActor('ann');
      seen.push([currentWork()?.requestId, currentActor().id]);
      response.end();
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const id of ['recorded', 'ignored'])
      await send(server.port, { path: `/${id}`, headers: { 'X-Request-Id': id }, agent });
    agent.destroy();
    assert.deepEqual(seen, [
      ['recorded', 'ann'],
      ['ignored', 'anonymous'],
    ]);
  });
});

describe('ignoreIncomingRequestHook', () => {
  it('leaves out requests by what their headers say', async () => {
    await start({ ignoreIncomingRequestHook: ({ method, url }) => method === 'GET' && url === '/probe' });
    assert.deepEqual(await recordedOf(['/probe', '/other']), ['/other']);
  });

  it('that throws is reported once, and the requests are recorded', async (t) => {
    const { mock: said } = t.mock.method(process.stderr, 'write', () => true);
    await start({
      ignoreIncomingRequestHook() {
        throw new Error('not today');
      },
    });
    assert.deepEqual(await recordedOf(['/one', '/two']), ['/one', '/two']);
    const reports = said.calls.map((call) => String(call.arguments[0])).filter((text) => text.includes('not today'));
    assert.equal(reports.length, 1);
    assert.match(String(reports[0]), /^activity-audit: asking ignoreIncomingRequestHook failed: Error: not today/);
  });

  it('that promises an answer has the requests recorded, and its rejection stays ours', async () => {
    await start({ ignoreIncomingRequestHook: (async () => Promise.reject(new Error('too late'))) as () => never });
    assert.deepEqual(await recordedOf(['/one', '/two']), ['/one', '/two']);
  });
});

describe('captureBodies', () => {
  const json = '{"a":1}';
  const cases: [captureBodies: InstrumentationOptions['captureBodies'], request: unknown, response: unknown][] = [
    ['all', { a: 1 }, { a: 1 }],
    ['none', undefined, undefined],
    ['request', { a: 1 }, undefined],
    ['response', undefined, { a: 1 }],
    [['Application/JSON'], { a: 1 }, { a: 1 }],
    [['text/*'], undefined, undefined],
    ['incoming', { a: 1 }, { a: 1 }],
    ['outgoing', undefined, undefined],
    [{ incoming: 'request', outgoing: 'all' }, { a: 1 }, undefined],
    [{ outgoing: 'none' }, { a: 1 }, { a: 1 }],
  ];
  for (const [captureBodies, request, response] of cases) {
    it(`as ${JSON.stringify(captureBodies)} shows no other bodies, and counts all`, async () => {
      await start({ captureBodies: captureBodies ?? 'all' });
      const { request_repr, response_repr, ...record } = await recordOf('application/json; charset=utf-8', json);
      assert.deepEqual([request_repr.body, response_repr.body], [request, response]);
      assert.equal('body' in request_repr, request !== undefined);
      assert.deepEqual([record.request_size, record.response_size], [7, 7]);
    });
  }
});

describe('captureHeaders', () => {
  const cases: [captureHeaders: InstrumentationOptions['captureHeaders'], request: string[], response: string[]][] = [
    ['none', [], []],
    ['request', ['Content-Type', 'X-Question', 'Host', 'Connection', 'Transfer-Encoding'], []],
    [['x-*', 'HOST'], ['X-Question', 'Host'], ['X-Answer']],
    ['outgoing', [], []],
    [{ incoming: ['x-*'] }, ['X-Question'], ['X-Answer']],
  ];
  for (const [captureHeaders, request, response] of cases) {
    it(`as ${JSON.stringify(captureHeaders)} shows no other headers, and the body as they say`, async () => {
      await start({ captureHeaders: captureHeaders ?? 'all' });
      const { request_repr, response_repr } = await recordOf('application/json', '{"a":1}', { 'X-Question': '?' });
      assert.deepEqual(Object.keys(request_repr.headers), request);
      assert.deepEqual(Object.keys(response_repr.headers), response);
      assert.deepEqual([request_repr.body, response_repr.body], [{ a: 1 }, { a: 1 }]);
    });
  }
});

describe('trustProxy', () => {
  const cases: [trustProxy: InstrumentationOptions['trustProxy'], forwarded: string | string[], address: string][] = [
    [false, '203.0.113.7', '127.0.0.1'],
    [true, '203.0.113.7, 10.0.0.1', '203.0.113.7'],
    [0, '203.0.113.7', '127.0.0.1'],
    [1, '203.0.113.7, 10.0.0.1', '10.0.0.1'],
    [2, '198.51.100.1, 203.0.113.7, 10.0.0.1', '203.0.113.7'],
    [9, '203.0.113.7', '203.0.113.7'],
    ['loopback', '203.0.113.7, 10.0.0.1', '10.0.0.1'],
    ['loopback, uniquelocal', '198.51.100.1, 203.0.113.7, 10.0.0.1', '203.0.113.7'],
    [['127.0.0.1', '10.0.0.0/8'], '203.0.113.7, 10.0.0.1', '203.0.113.7'],
    [['10.0.0.0/8'], '203.0.113.7', '127.0.0.1'],
    [['loopback', '2001:db8::/32'], '203.0.113.7, 2001:DB8::1', '203.0.113.7'],
    [true, '203.0.113.7:4711', '203.0.113.7'],
    [true, '[2001:db8::1]:4711', '2001:db8::1'],
    [true, '::ffff:203.0.113.7', '203.0.113.7'],
    [true, 'fe80::1%eth0', 'fe80::1%eth0'],
    ['loopback, fe80::/10', '203.0.113.7, fe80::1%eth0', '203.0.113.7'],
    [true, '<script>, 10.0.0.1', '10.0.0.1'],
    [true, 'unknown', '127.0.0.1'],
    [true, '', '127.0.0.1'],
    [true, ['203.0.113.7', '10.0.0.1'], '203.0.113.7'],
  ];
  for (const [trustProxy, forwarded, address] of cases) {
    it(`${JSON.stringify(trustProxy)} takes ${address} from "${String(forwarded)}"`, async () => {
      await start({ trustProxy: trustProxy ?? false });
      const { client_address } = await recordOf('text/plain', 'x', { 'X-Forwarded-For': forwarded });
      assert.equal(client_address, address);
    });
  }
});
