import assert from 'node:assert/strict';
import type http from 'node:http';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { HTTPClient } from '../../src/clients/http-client.ts';
import type { HTTPClientOptions, HTTPRequestOptions } from '../../src/clients/http-client-options.ts';
import { runInWork } from '../../src/context/work.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { outgoingRecords, outgoingTo } from '../support/outgoing-records.ts';
import { deadUrl, peer } from '../support/peer.ts';
import { serve } from '../support/server.ts';

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;
/** What the server answers first, one after the other, before it is the usual peer. */
const answers: http.RequestListener[] = [];

before(async () => {
  server = await serve((request, response) => (answers.shift() ?? peer)(request, response));
});
beforeEach(() => {
  audit = observeAudit();
});
afterEach(() => {
  audit.stop();
  answers.length = 0;
});
after(() => server.close());

function client(options: HTTPClientOptions = {}): HTTPClient {
  return new HTTPClient('billing', { baseUrl: server.url, retryDelayMs: 1, ...options });
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

async function seen(response: Promise<Response>): Promise<Seen> {
  const { rawHeaders, ...rest } = (await (await response).json()) as Omit<Seen, 'headers'> & { rawHeaders: string[] };
  const headers: Record<string, string> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) headers[rawHeaders[at]!.toLowerCase()] = rawHeaders[at + 1]!;
  return { ...rest, headers };
}

const answer =
  (status: number, headers: http.OutgoingHttpHeaders = {}): http.RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status, headers).end('later');
  };

const hangUp: http.RequestListener = (request) => request.socket.destroy();

/** Waits for as many records, of tries too. */
async function statuses(path: string, count: number): Promise<(number | undefined)[]> {
  let found = 0;
  await audit.waitFor((record) => {
    if (record.name === 'audit.request') found++;
    return found >= count;
  }, 5000);
  return outgoingRecords(audit)
    .filter(({ request_repr }) => request_repr.endpoint.endsWith(path))
    .map(({ response_repr }) => ('status_code' in response_repr ? response_repr.status_code : undefined));
}

describe('HTTPClient', () => {
  it('is extended with the name of a service, which its records have, with actor and request', async () => {
    class ExternalService extends HTTPClient {
      constructor() {
        super('service_name');
      }
      connect(): Promise<Response> {
        return this.get(`${server.url}/echo`);
      }
    }
    const response = await runInWork({ requestId: 'r-1', actor: { id: 'ann', type: 'user', info: {} } }, () =>
      new ExternalService().connect(),
    );
    assert.equal(response.status, 200);
    await response.text();
    const { service_name, actor_id, request_id, message } = await outgoingTo(audit, '/echo');
    assert.deepEqual(
      [service_name, actor_id, request_id, message],
      ['service_name', 'ann', 'r-1', 'Audit External Service'],
    );
    assert.equal(outgoingRecords(audit).length, 1);
  });

  it('has all methods', async () => {
    const api = client();
    const sent = await Promise.all([
      seen(api.get('/seen')),
      seen(api.post('/seen')),
      seen(api.put('/seen')),
      seen(api.patch('/seen')),
      seen(api.delete('/seen')),
      seen(api.options('/seen')),
      seen(api.request('report', '/seen')),
    ]);
    assert.deepEqual(
      sent.map(({ method }) => method),
      ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'REPORT'],
    );
    assert.equal((await api.head('/200')).status, 200);
  });

  describe('sends', () => {
    const bodies: Record<string, [HTTPRequestOptions, type: RegExp, body: string | RegExp]> = {
      JSON: [{ json: { a: [1, null] } }, /^application\/json$/, '{"a":[1,null]}'],
      'JSON under a type of its own': [
        { json: 1, headers: { 'Content-Type': 'application/merge-patch+json' } },
        /^application\/merge-patch\+json$/,
        '1',
      ],
      'a form of fields': [
        { form: { a: 'é&', list: [1, true], none: undefined, no: null } },
        /^application\/x-www-form-urlencoded/,
        'a=%C3%A9%26&list=1&list=true',
      ],
      'a form of URLSearchParams': [{ form: new URLSearchParams({ a: '1' }) }, /urlencoded/, 'a=1'],
      'a form of FormData': [{ form: formData() }, /^multipart\/form-data; boundary=/, /name="a"\r\n\r\n1\r\n/],
      'a text': [{ body: 'text' }, /^text\/plain/, 'text'],
      'a stream': [{ body: new Blob(['streamed']).stream(), headers: { 'content-type': 'x/y' } }, /^x\/y$/, 'streamed'],
    };
    for (const [name, [options, type, body]] of Object.entries(bodies)) {
      it(name, async () => {
        const got = await seen(client().post('/seen', options));
        assert.match(got.headers['content-type'] ?? '', type);
        if (typeof body === 'string') assert.equal(got.body, body);
        else assert.match(got.body, body);
      });
    }

    it("the client's headers and query, over which those of the request go", async () => {
      const api = client({ headers: { 'x-a': 'client', 'x-b': 'client' }, query: { key: 'k' } });
      const got = await seen(api.get('/seen?q=1', { headers: [['X-A', 'request']], query: { list: ['x', 'y'] } }));
      assert.deepEqual([got.headers['x-a'], got.headers['x-b']], ['request', 'client']);
      assert.equal(got.url, '/seen?q=1&key=k&list=x&list=y');
    });

    it('to where the base URL leads, and never to another host by a path', async () => {
      const api = client({ baseUrl: `${server.url}/seen/v1/` });
      const urls = ['users', '/users', '', '?q=1', '//example.com/users', new URL(`${server.url}/seen/absolute`)];
      const got = await Promise.all(urls.map((url) => seen(api.get(url))));
      assert.deepEqual(
        got.map(({ url }) => url),
        ['users', 'users', '', '?q=1', 'example.com/users']
          .map((end) => (end === '' ? '/seen/v1/' : `/seen/v1${end.startsWith('?') ? '' : '/'}${end}`))
          .concat('/seen/absolute'),
      );
    });

    it("none of the client's headers and query to another origin than that of the base URL", async () => {
      const api = client({
        baseUrl: 'https://api.example.com',
        headers: { 'x-key': 's3cret' },
        query: { key: 's3cret' },
      });
      const got = await seen(api.get(`${server.url}/seen`));
      assert.equal(got.headers['x-key'], undefined);
      assert.equal(got.url, '/seen');
    });
  });

  describe('tries again', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      it(`a ${method} that has met a broken connection and a 503, each recorded with the name`, async () => {
        answers.push(hangUp, answer(503));
        const response = await client().request(method, '/200');
        assert.equal(response.status, 200);
        await response.text();
        assert.deepEqual(await statuses('/200', 3), [undefined, 503, 200]);
        assert.deepEqual(new Set(outgoingRecords(audit).map((record) => record.service_name)), new Set(['billing']));
      });
    }

    for (const method of ['POST', 'PATCH', 'REPORT']) {
      it(`no ${method}: neither after a 503 nor a broken connection`, async () => {
        answers.push(answer(503), hangUp);
        assert.equal((await client().request(method, '/200')).status, 503);
        await assert.rejects(client().request(method, '/200'), { name: 'TypeError', message: 'fetch failed' });
      });
    }

    it('no body that can be read but once', async () => {
      answers.push(answer(503));
      assert.equal((await client().put('/200', { body: new Blob(['once']).stream() })).status, 503);
    });

    it('a body that can be read again', async () => {
      answers.push(answer(429), hangUp);
      assert.equal((await seen(client().put('/seen', { json: { a: 1 } }))).body, '{"a":1}');
      answers.push(answer(502));
      assert.match((await seen(client().put('/seen', { form: formData() }))).body, /name="a"/);
    });

    it('as often as it is told, and then gives what there was', async () => {
      answers.push(answer(503), answer(504), answer(502));
      assert.equal((await client({ retries: 1 }).get('/200')).status, 504);
      assert.equal((await client({ retries: 1 }).get('/200', { retries: 0 })).status, 502);
      answers.push(hangUp, hangUp);
      await assert.rejects(client({ retries: 1 }).get('/200'), { message: 'fetch failed' });
    });

    it('where nobody listens, and throws what fetch threw', async () => {
      await assert.rejects(client({ baseUrl: await deadUrl() }).get('/'), (error: Error) => {
        assert.equal((error.cause as { code?: string }).code, 'ECONNREFUSED');
        return true;
      });
      assert.equal((await statuses('/', 3)).length, 3);
    });

    it('not after other statuses', async () => {
      for (const status of [500, 501, 404, 408]) assert.equal((await client().get(`/${status}`)).status, status);
      assert.equal((await statuses('', 4)).length, 4);
    });

    it('after as long as Retry-After asks for, but not when that is too long', async () => {
      answers.push(answer(429, { 'Retry-After': '1' }), answer(503, { 'Retry-After': '2' }));
      const start = performance.now();
      const response = await client({ maxRetryAfterMs: 1500 }).get('/200');
      assert.ok(performance.now() - start > 990);
      assert.equal(response.status, 503);
      assert.equal(await response.text(), 'later');
    });
  });

  describe('ends', () => {
    it('with an error that says what took how long, when no response comes in time', async () => {
      await assert.rejects(client({ timeoutMs: 50 }).get('/silent?token=s3cret'), {
        name: 'TimeoutError',
        message: `billing: GET ${server.url}/silent took longer than 50 ms`,
      });
      const { error_message, request_repr } = await outgoingTo(audit, '[REDACTED]');
      assert.equal(request_repr.endpoint, `${server.url}/silent?token=[REDACTED]`);
      assert.match(error_message ?? '', /took longer than 50 ms/);
    });

    it('when the body of a response does not end in time', async () => {
      const response = await client().get('/slow', { timeoutMs: 50 });
      await assert.rejects(response.text(), { name: 'TimeoutError' });
    });

    it('when waiting for the next try takes too long', async () => {
      answers.push(answer(503, { 'Retry-After': '5' }));
      await assert.rejects(client({ timeoutMs: 50 }).get('/200'), { name: 'TimeoutError' });
    });

    it('with the reason of a signal: before, in and between tries', async () => {
      const reason = new Error('enough');
      const given = (error: unknown): boolean => error === reason;
      await assert.rejects(client().get('/200', { signal: AbortSignal.abort(reason) }), given);
      const controller = new AbortController();
      answers.push(() => controller.abort(reason));
      await assert.rejects(client().get('/200', { signal: controller.signal }), given);
      const other = new AbortController();
      answers.push((request, response) => {
        response.on('close', () => other.abort(reason));
        answer(503, { 'Retry-After': '5' })(request, response);
      });
      await assert.rejects(client().get('/200', { signal: other.signal, timeoutMs: Infinity }), given);
    });
  });

  describe('says what it expects and what it got', () => {
    const made: Record<string, [make: () => unknown, message: RegExp]> = {
      'of a name': [
        () => new HTTPClient(''),
        /^HTTPClient: expected the name of a service as a text, got an empty one/,
      ],
      'of an unknown option': [
        () => client({ baseURL: 'https://x' } as HTTPClientOptions),
        /^HTTPClient: expected the options baseUrl, headers, .*, got baseURL$/,
      ],
      'of options': [() => new HTTPClient('a', 'https://x' as HTTPClientOptions), /an object with options, got string/],
      'of a base URL': [() => client({ baseUrl: '/v1' }), /^HTTPClient: baseUrl: expected an absolute URL/],
      'of a query in a base URL': [() => client({ baseUrl: 'https://x/?a=1' }), /expected a URL without a query/],
      'of a scheme': [() => client({ baseUrl: 'ftp://x' }), /expected a URL of http: or https:, got one of ftp:/],
      'of a number': [() => client({ retries: 1.5 }), /retries: expected a whole number from 0 to 100, got 1.5/],
      'of a time': [() => client({ timeoutMs: '5s' as never }), /timeoutMs: expected a whole number .*, got string/],
    };
    for (const [name, [make, message]] of Object.entries(made)) {
      it(name, () => assert.throws(make, { name: 'TypeError', message }));
    }

    it('of a request, without sending it', async () => {
      const api = new HTTPClient('billing');
      const url = `${server.url}/200`;
      const bad: [call: Promise<Response>, message: RegExp][] = [
        [api.get('/relative'), /^HTTPClient: GET: expected an absolute URL, or a baseUrl/],
        [api.request('', url), /method: expected a text/],
        [api.post(url, { json: 1, body: 'x' }), /POST: expected one of json, form, body, got json and body/],
        [api.post(url, { json: () => 1 }), /POST: expected json that is JSON, got a function/],
        [api.get(url, { retries: -1 }), /GET: retries: expected a whole number from 0 to 100, got -1/],
      ];
      for (const [call, message] of bad) await assert.rejects(call, { name: 'TypeError', message });
      assert.deepEqual(outgoingRecords(audit), []);
    });
  });
});

function formData(): FormData {
  const form = new FormData();
  form.append('a', '1');
  return form;
}
