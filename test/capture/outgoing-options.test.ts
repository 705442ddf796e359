import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';

import type { OutgoingRequest } from '../../src/capture/outgoing-request.ts';
import { runInWork } from '../../src/context/work.ts';
import { auditInstrumentations } from '../../src/instrumentations.ts';
import type { InstrumentationOptions } from '../../src/options.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { type Outgoing, outgoingRecords, outgoingTo } from '../support/outgoing-records.ts';
import { peer } from '../support/peer.ts';
import { send, serve } from '../support/server.ts';

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;

before(async () => {
  server = await serve(peer);
});
afterEach(() => audit.stop());
after(() => server.close());

function start(options: InstrumentationOptions): void {
  audit = observeAudit(options);
}

type Ask = (path: string, headers?: Record<string, string>, body?: string) => Promise<unknown>;

/** What is behind the two instrumentations of clients. */
const clients: Record<string, Ask> = {
  'node:http': (path, headers = {}, body = '') =>
    send(server.port, { path, headers, method: body === '' ? 'GET' : 'POST' }, ...(body === '' ? [] : [body])),
  fetch: async (path, headers = {}, body = '') =>
    (await fetch(server.url + path, { headers, ...(body === '' ? {} : { method: 'POST', body }) })).text(),
};

/** The paths that are recorded, of requests made one after the other. */
async function recordedOf(ask: Ask, paths: readonly string[]): Promise<string[]> {
  for (const path of paths) await ask(path);
  await ask('/204?last');
  await outgoingTo(audit, '?last');
  const asked = outgoingRecords(audit).map(({ request_repr }) => request_repr.endpoint.slice(server.url.length));
  return asked.filter((path) => path !== '/204?last');
}

async function recordOf(ask: Ask, ...args: Parameters<Ask>): Promise<Outgoing> {
  await ask(...args);
  return outgoingTo(audit, args[0]);
}

function lowerCase(headers: object): string[] {
  return Object.keys(headers).map((name) => name.toLowerCase());
}

describe('ignoreOutgoingRequestHook', () => {
  it('that throws is reported once for all clients, and the requests are recorded', async (t) => {
    const { mock: said } = t.mock.method(process.stderr, 'write', () => true);
    start({
      ignoreOutgoingRequestHook() {
        throw new Error('not today');
      },
    });
    for (const ask of Object.values(clients)) await ask('/200');
    assert.deepEqual(await recordedOf(clients['fetch'] as Ask, []), ['/200', '/200']);
    const reports = said.calls.map((call) => String(call.arguments[0])).filter((text) => text.includes('not today'));
    assert.equal(reports.length, 1);
    assert.match(String(reports[0]), /^activity-audit: asking ignoreOutgoingRequestHook failed: Error: not today/);
  });
});

for (const [client, ask] of Object.entries(clients)) {
  describe(`for ${client}, ignoreOutgoingUrls`, () => {
    it('leaves out whole URLs, whatever their query, those that fit a * and those that an expression finds', async () => {
      start({ ignoreOutgoingUrls: [`${server.url}/200`, '*/201/*', /\/20[36]$/g] });
      assert.deepEqual(await recordedOf(ask, ['/200?a=1', '/200/', '/201', '/201/a', '/203', '/206?a', '/205']), [
        '/200/',
        '/201',
        '/205',
      ]);
    });
  });

  describe(`for ${client}, ignoreOutgoingRequestHook`, () => {
    it('is asked with method, URL and headers, before anything is sent', async () => {
      const asked: OutgoingRequest[] = [];
      start({
        ignoreOutgoingRequestHook: (request) => {
          asked.push(request);
          return request.url.endsWith('/200');
        },
      });
      await ask('/length?a=1', { 'X-Custom': 'Kept', Cookie: 'a=b' }, 'body');
      assert.deepEqual(await recordedOf(ask, ['/200']), ['/length?a=1']);
      const [{ method, url, headers } = { headers: {} } as OutgoingRequest] = asked;
      assert.deepEqual([method, url], ['POST', `${server.url}/length?a=1`]);
      assert.deepEqual([headers['x-custom'], headers['cookie']], ['Kept', 'a=b']);
    });

    it('that promises an answer has the requests recorded, and its rejection stays ours', async () => {
      start({ ignoreOutgoingRequestHook: (async () => Promise.reject(new Error('too late'))) as () => never });
      assert.deepEqual(await recordedOf(ask, ['/200']), ['/200']);
    });

    it('that sends requests itself is not asked about these', async () => {
      const sent: Promise<unknown>[] = [];
      start({
        ignoreOutgoingRequestHook: () => {
          sent.push(ask('/200?from-the-hook'));
          return true;
        },
      });
      await ask('/200');
      await outgoingTo(audit, '?from-the-hook');
      await Promise.all(sent);
      assert.equal(sent.length, 1);
    });
  });

  describe(`for ${client}, captureBodies`, () => {
    const cases: [captureBodies: InstrumentationOptions['captureBodies'], request: unknown, response: unknown][] = [
      ['all', { a: 1 }, { a: 1 }],
      ['none', undefined, undefined],
      ['request', { a: 1 }, undefined],
      ['response', undefined, { a: 1 }],
      ['outgoing', { a: 1 }, { a: 1 }],
      ['incoming', undefined, undefined],
      [['text/*'], undefined, undefined],
      [{ outgoing: 'response' }, undefined, { a: 1 }],
      [{ incoming: 'none' }, { a: 1 }, { a: 1 }],
      [{ outgoing: ['application/json'], incoming: 'none' }, { a: 1 }, { a: 1 }],
    ];
    for (const [captureBodies, request, response] of cases) {
      it(`as ${JSON.stringify(captureBodies)} shows no other bodies, and counts all`, async () => {
        start({ captureBodies: captureBodies ?? 'all' });
        const record = await recordOf(ask, '/echo', { 'Content-Type': 'application/json' }, '{"a":1}');
        assert.deepEqual([record.request_repr.body, record.response_repr.body], [request, response]);
        assert.equal('body' in record.request_repr, request !== undefined);
        assert.deepEqual([record.request_size, record.response_size], [7, 7]);
      });
    }
  });

  describe(`for ${client}, captureHeaders`, () => {
    const cases: [captureHeaders: InstrumentationOptions['captureHeaders'], request: string[], response: string[]][] = [
      ['none', [], []],
      ['incoming', [], []],
      [{ outgoing: ['x-*', 'HOST'] }, ['host', 'x-question'], []],
      [{ outgoing: 'none' }, [], []],
      [['content-type'], ['content-type'], ['content-type']],
    ];
    for (const [captureHeaders, request, response] of cases) {
      it(`as ${JSON.stringify(captureHeaders)} shows no other headers, and the bodies as they say`, async () => {
        start({ captureHeaders: captureHeaders ?? 'all' });
        const headers = { 'Content-Type': 'application/json', 'X-Question': '?' };
        const record = await recordOf(ask, '/echo', headers, '{"a":1}');
        assert.deepEqual(lowerCase(record.request_repr.headers).toSorted(), request);
        assert.deepEqual(lowerCase(record.response_repr.headers), response);
        assert.deepEqual([record.request_repr.body, record.response_repr.body], [{ a: 1 }, { a: 1 }]);
      });
    }
  });

  describe(`for ${client}, peerNames`, () => {
    const cases: [peerNames: (port: number) => Record<string, string>, name: string][] = [
      [() => ({ '127.0.0.1': 'billing' }), 'billing'],
      [(port) => ({ '127.0.0.1:1': 'other', [`127.0.0.1:${port}`]: 'billing', '127.0.0.1': 'late' }), 'billing'],
      [() => ({ '*.example.com': 'other', '127.*': 'near' }), 'near'],
      [(port) => ({ [`*:${port}`]: 'billing' }), 'billing'],
      [() => ({ localhost: 'other', '27.0.0.1': 'other' }), '127.0.0.1'],
    ];
    for (const [peerNames, name] of cases) {
      it(`as ${JSON.stringify(peerNames(80))} names it ${name}`, async () => {
        start({ peerNames: peerNames(server.port) });
        assert.equal((await recordOf(ask, '/200')).service_name, name);
      });
    }
  });

  describe(`for ${client}, forwardRequestId`, () => {
    const cases: [forwardRequestId: (port: number) => boolean | string[], isSent: boolean][] = [
      [() => true, true],
      [() => false, false],
      [(port) => ['api.example.com', `127.0.0.1:${port}`], true],
      [() => ['127.0.0.*'], true],
      [() => ['api.example.com', '127.0.0.1:1'], false],
      [() => [], false],
    ];
    for (const [forwardRequestId, isSent] of cases) {
      it(`as ${JSON.stringify(forwardRequestId(80))} has a request carry it ${isSent ? 'there' : 'nowhere'}`, async () => {
        start({ forwardRequestId: forwardRequestId(server.port) });
        await runInWork({ requestId: 'id-1' }, () => ask('/200'));
        const { headers } = (await outgoingTo(audit, '/200')).request_repr;
        assert.equal(headers['x-request-id'], isSent ? 'id-1' : undefined);
      });
    }

    it('leaves an id that the application sends', async () => {
      start({ forwardRequestId: true });
      await runInWork({ requestId: 'id-1' }, () => ask('/200', { 'X-Request-ID': 'own' }));
      const { headers } = (await outgoingTo(audit, '/200')).request_repr;
      assert.deepEqual(
        Object.entries(headers).filter(([name]) => /^x-request-id$/i.test(name)),
        [['X-Request-ID', 'own']],
      );
    });

    it('has it carried also by what is not recorded', async () => {
      start({ forwardRequestId: true, ignoreOutgoingUrls: ['*/seen'] });
      const seen = await runInWork({ requestId: 'id-1' }, async () => {
        const request = http.request(`${server.url}/seen`);
        return new Promise<string>((resolve) => {
          request.on('response', (response) => void response.toArray().then((chunks) => resolve(chunks.join(''))));
          request.end();
        });
      });
      assert.match(seen, /"x-request-id","id-1"/);
      assert.deepEqual(outgoingRecords(audit), []);
    });
  });
}

describe('options of what goes out', () => {
  it('can be changed, also while nothing is recorded', async () => {
    start({ http: false });
    const instrumentations = auditInstrumentations({ sequelize: false, peerNames: { '*': 'first' } });
    for (const ask of Object.values(clients)) await ask('/200?first');
    for (const one of instrumentations) {
      one.disable();
      one.setConfig({ ...one.getConfig(), peerNames: { '*': 'second' } });
      one.enable();
    }
    for (const ask of Object.values(clients)) await ask('/200?second');
    await audit.waitFor(() => outgoingRecords(audit).length === 4);
    for (const one of instrumentations) one.disable();
    assert.deepEqual(
      outgoingRecords(audit).map(({ service_name, request_repr }) => [
        service_name,
        request_repr.endpoint.split('?')[1],
      ]),
      ['first', 'first', 'second', 'second'].map((name) => [name, name]),
    );
  });
});

describe('peerNames', () => {
  it('don’t look at the case of a host, and know the port that a URL leaves out', async () => {
    start({ peerNames: { 'DEAD.invalid:80': 'stripe' } });
    await assert.rejects(fetch('http://dead.INVALID/'));
    assert.equal((await outgoingTo(audit, '/')).service_name, 'stripe');
  });

  it('can be an IPv6 address in brackets', async () => {
    start({ peerNames: { '[::1]:9': 'local' } });
    await new Promise((resolve) => http.get('http://[::1]:9/').on('error', resolve));
    assert.equal((await outgoingTo(audit, '/')).service_name, 'local');
  });
});
