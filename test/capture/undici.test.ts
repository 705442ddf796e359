import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

import { setActor } from '../../src/context/actor.ts';
import { currentWork } from '../../src/context/work.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { inContext } from '../support/context-manager.ts';
import { installed } from '../support/install.ts';
import { outgoingRecords, outgoingTo } from '../support/outgoing-records.ts';
import { deadUrl, peer, serveTls } from '../support/peer.ts';
import { send, serve } from '../support/server.ts';

interface Undici {
  request(
    url: string,
    options?: object,
  ): Promise<{ statusCode: number; body: { text(): Promise<string>; dump(): Promise<void> } }>;
  Agent: new (options: object) => { close(): Promise<void> };
  fetch: typeof fetch;
  FormData: typeof FormData;
}

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;

before(async () => {
  audit = observeAudit({ requestHook: () => ({ within: currentWork()?.requestId }) });
  server = await serve(peer);
});
beforeEach(() => audit.clear());
after(async () => {
  audit.stop();
  await server.close();
});

/** The built-in one, and what is installed in place of it. */
const clients: readonly [name: string, version?: string][] = [
  ['the fetch of Node'],
  ['undici 6', '6.29.1'],
  ['undici 7', '7.30.2'],
  ['undici 8', '8.12.4'],
];

for (const [name, version] of clients) {
  describe(`an exchange of ${name}`, () => {
    let client: Pick<Undici, 'fetch' | 'FormData'> & Partial<Undici> = { fetch, FormData };
    before(async () => {
      if (version === undefined) return;
      const folder = await installed({ undici: version });
      client = createRequire(path.join(folder, 'index.js'))('undici') as Undici;
    });

    it('is recorded with endpoint, method, headers, bodies, status, sizes and time', async () => {
      const headers = { 'Content-Type': 'application/json', 'X-Custom': 'Kept', Authorization: 'Bearer abc.def' };
      const body = '{"title":"hello"}';
      await (await client.fetch(`${server.url}/echo?page=2`, { method: 'POST', headers, body })).text();
      const record = await outgoingTo(audit, '/echo?page=2');
      assert.equal(record.message, 'Audit External Service');
      assert.equal(record.protocol, 'http');
      assert.equal(record.service_name, '127.0.0.1');
      assert.equal(record.request_repr.endpoint, `${server.url}/echo?page=2`);
      assert.equal(record.request_repr.method, 'POST');
      const sent = new Map(
        Object.entries(record.request_repr.headers).map(([key, value]) => [key.toLowerCase(), value]),
      );
      assert.equal(sent.get('x-custom'), 'Kept');
      assert.equal(sent.get('authorization'), '[REDACTED]');
      assert.equal(sent.get('host'), `127.0.0.1:${server.port}`);
      assert.equal(sent.has('traceparent'), false);
      assert.deepEqual(record.request_repr.body, { title: 'hello' });
      assert.equal(record.response_repr.status_code, 200);
      assert.equal(record.response_repr.headers['Content-Type'], 'application/json');
      assert.deepEqual(record.response_repr.body, { title: 'hello' });
      assert.deepEqual([record.request_size, record.response_size], [17, 17]);
      assert.equal(record.error_message, null);
      assert.equal(record.outcome, 'success');
      assert.ok(record.execution_time > 0 && record.execution_time < 5);
      assert.equal(outgoingRecords(audit).length, 1);
    });

    const text = { 'Content-Type': 'text/plain' };
    const bodies: readonly [name: string, body: () => RequestInit, shown: unknown, size?: number][] = [
      ['bytes', () => ({ body: Buffer.from('grüß'), headers: text }), 'grüß', 6],
      [
        'parameters',
        () => ({ body: new URLSearchParams({ a: '1', password: 'x' }) }),
        { a: '1', password: '[REDACTED]' },
      ],
      ['a blob', () => ({ body: new Blob(['blob'], { type: 'text/plain' }) }), 'blob', 4],
      [
        'a stream',
        () => ({
          body: ReadableStream.from([Buffer.from('str'), Buffer.from('eam')]),
          duplex: 'half',
          headers: text,
        }),
        'stream',
        6,
      ],
      ['no body', () => ({}), undefined, 0],
    ];
    for (const [kind, init, shown, size] of bodies) {
      it(`is recorded with ${kind}`, async () => {
        await (await client.fetch(`${server.url}/echo`, { method: 'POST', ...init() })).text();
        const record = await outgoingTo(audit, '/echo');
        assert.deepEqual(record.request_repr.body, shown);
        assert.deepEqual(record.response_repr.body, shown);
        if (size !== undefined) assert.deepEqual([record.request_size, record.response_size], [size, size]);
      });
    }

    it('is recorded with a form of fields and files, and its size', async () => {
      const form = new client.FormData();
      form.set('name', 'value');
      form.set('file', new Blob(['content']), 'a.txt');
      const answer = await (await client.fetch(`${server.url}/echo`, { method: 'POST', body: form })).text();
      const record = await outgoingTo(audit, '/echo');
      assert.deepEqual(record.request_repr.body, {
        fields: { name: 'value' },
        files: [{ name: 'file', filename: 'a.txt', content_type: 'application/octet-stream', size: 7 }],
      });
      assert.equal(record.request_size, answer.length);
    });

    it('has bodies of three million bytes cut, with their true sizes', async () => {
      const body = 'b'.repeat(3_000_000);
      assert.equal(
        (await (await client.fetch(`${server.url}/big`, { method: 'POST', body, headers: text })).text()).length,
        3e6,
      );
      const record = await outgoingTo(audit, '/big');
      assert.deepEqual([record.request_size, record.response_size], [3e6, 3e6]);
      assert.equal(record.request_repr.body, 'b'.repeat(65_536));
      assert.equal(record.response_repr.body, 'a'.repeat(65_536));
    });

    it('is recorded for each step of a redirect', async () => {
      await (await client.fetch(`${server.url}/moved`)).text();
      await outgoingTo(audit, '/echo');
      assert.deepEqual(
        outgoingRecords(audit).map(({ request_repr, response_repr }) => [
          new URL(request_repr.endpoint).pathname,
          response_repr.status_code,
        ]),
        [
          ['/moved', 302],
          ['/echo', 200],
        ],
      );
    });

    it('is recorded when the application never reads the response', async () => {
      await client.fetch(`${server.url}/404`);
      const record = await outgoingTo(audit, '/404');
      assert.deepEqual([record.response_repr.status_code, record.outcome], [404, 'failure']);
    });

    it('is recorded when the application gives up the response', async () => {
      const response = await client.fetch(`${server.url}/slow`);
      await response.body?.cancel();
      const record = await outgoingTo(audit, '/slow');
      assert.deepEqual([record.response_repr.status_code, record.outcome], [200, 'failure']);
      assert.ok(record.error_message);
    });

    it('is recorded without a status when nobody listens', async () => {
      await assert.rejects(client.fetch(`${await deadUrl()}/refused`));
      const record = await outgoingTo(audit, '/refused');
      assert.equal(record.response_repr.status_code, undefined);
      assert.match(record.error_message ?? '', /ECONNREFUSED/);
    });

    it('is recorded when the name is not known', async () => {
      await assert.rejects(client.fetch('http://nowhere.invalid/unknown'));
      const record = await outgoingTo(audit, '/unknown');
      assert.equal(record.service_name, 'nowhere.invalid');
      assert.match(record.error_message ?? '', /ENOTFOUND|EAI_AGAIN/);
    });

    it('is recorded when the certificate is not trusted', async () => {
      const secure = await serveTls(peer);
      await assert.rejects(client.fetch(`${secure.url}/untrusted`));
      const record = await outgoingTo(audit, '/untrusted');
      await secure.close();
      assert.equal(record.protocol, 'https');
      assert.match(record.error_message ?? '', /^DEPTH_ZERO_SELF_SIGNED_CERT: /);
    });

    it('is recorded when the connection is closed before and in the response', async () => {
      await assert.rejects(client.fetch(`${server.url}/reset`, { method: 'POST', body: 'x' }));
      const early = await outgoingTo(audit, '/reset');
      assert.equal(early.response_repr.status_code, undefined);
      assert.ok(early.error_message);
      const response = await client.fetch(`${server.url}/half`);
      await assert.rejects(response.text());
      const { response_repr, outcome } = await outgoingTo(audit, '/half');
      assert.deepEqual(
        [response_repr.status_code, response_repr.body, response_repr.body_truncated, outcome],
        [200, 'half', true, 'failure'],
      );
    });

    it('is recorded when it is aborted before the head of the response', async () => {
      await assert.rejects(client.fetch(`${server.url}/silent`, { signal: AbortSignal.timeout(30) }));
      const { response_repr, error_message } = await outgoingTo(audit, '/silent');
      assert.equal(response_repr.status_code, undefined);
      assert.match(error_message ?? '', /abort|time-?out/i);
    });

    it('is recorded with the request and the user that caused it', async () => {
      const front = await serve((request, response) => {
        setActor(String(request.headers['x-user']));
        void client
          .fetch(`${server.url}/echo?${request.url?.slice(1)}`)
          .then((answer) => answer.text())
          .then((answer) => response.end(answer));
      });
      await Promise.all(
        ['ann', 'bob', 'cid'].map((user) =>
          send(front.port, { path: `/${user}`, headers: { 'x-user': user, 'x-request-id': `of-${user}` } }),
        ),
      );
      await front.close();
      for (const user of ['ann', 'bob', 'cid']) {
        const { actor_id, request_id } = await outgoingTo(audit, `/echo?${user}`);
        assert.deepEqual([actor_id, request_id], [user, `of-${user}`]);
      }
    });

    it('has the request and the user that caused it also where it had to wait for a connection', async () => {
      if (!client.Agent || !client.request) return;
      const { request: ask, fetch: get } = client;
      const dispatcher = new client.Agent({ connections: 2 });
      const front = await serve((request, response) => {
        const [, user = ''] = request.url?.split('/') ?? [];
        setActor(user);
        const options = { dispatcher, method: 'POST', body: user };
        void Promise.all([
          ask(`${server.url}/length?asked=${user}`, options).then(({ body }) => body.text()),
          get(`${server.url}/length?fetched=${user}`, options as RequestInit).then((answer) => answer.text()),
        ]).then(() => response.end());
      });
      const users = ['ann', 'bob', 'cid', 'dan'];
      await Promise.all(users.map((user) => send(front.port, { path: `/${user}`, headers: { 'x-request-id': user } })));
      await front.close();
      await dispatcher.close();
      for (const user of users) {
        for (const way of ['asked', 'fetched']) {
          const { actor_id, request_id, attributes } = await outgoingTo(audit, `/length?${way}=${user}`);
          assert.deepEqual([way, actor_id, request_id, attributes?.['within']], [way, user, user, user]);
        }
      }
    });

    it('is not recorded under suppressed tracing', async () => {
      await inContext(suppressTracing(ROOT_CONTEXT), async () => (await client.fetch(`${server.url}/echo`)).text());
      await (await client.fetch(`${server.url}/204`)).text();
      await outgoingTo(audit, '/204');
      assert.equal(outgoingRecords(audit).length, 1);
    });

    it('is recorded by request, too', async () => {
      if (!client.request) return;
      const { body } = await client.request(`${server.url}/echo`, { method: 'POST', body: 'asked', headers: text });
      assert.equal(await body.text(), 'asked');
      const record = await outgoingTo(audit, '/echo');
      assert.deepEqual([record.request_repr.body, record.response_repr.body], ['asked', 'asked']);
    });
  });
}

it('leaves nothing to be seen on what undici gives the application', async () => {
  const response = await fetch(`${server.url}/echo`, { method: 'POST', body: 'x' });
  await sleep(1);
  assert.deepEqual(
    Object.getOwnPropertySymbols(response).filter((key) => /audit/.test(String(key))),
    [],
  );
  assert.equal(response.bodyUsed, false);
  assert.equal(await response.text(), 'x');
});
