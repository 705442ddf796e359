import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { ROOT_CONTEXT } from '@opentelemetry/api';

import { setActor, withActor } from '../../src/context/actor.ts';
import type { RequestEvent } from '../../src/event/event.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { inContext, inSpan, spanId } from '../support/context-manager.ts';
import { installed } from '../support/install.ts';
import { outgoingRecords } from '../support/outgoing-records.ts';

interface Grpc {
  Client: new (address: string, credentials: unknown) => Client;
  Server: new () => Server;
  credentials: { createInsecure(): unknown };
  ServerCredentials: { createInsecure(): unknown };
}

interface Client {
  makeUnaryRequest(
    path: string,
    serialize: (value: Buffer) => Buffer,
    deserialize: (value: Buffer) => Buffer,
    value: Buffer,
    callback: (error: GrpcError | null, value?: Buffer) => void,
  ): void;
  makeServerStreamRequest(
    path: string,
    serialize: (value: Buffer) => Buffer,
    deserialize: (value: Buffer) => Buffer,
    value: Buffer,
  ): NodeJS.ReadableStream;
  close(): void;
}

interface GrpcError extends Error {
  readonly code: number;
  readonly details: string;
}

interface Server {
  addService(service: object, handlers: object): void;
  bindAsync(address: string, credentials: unknown, callback: (error: Error | null, port: number) => void): void;
  forceShutdown(): void;
}

interface Call extends NodeJS.EventEmitter {
  readonly request: Buffer;
  write(value: Buffer): void;
  end(): void;
}

const same = (value: Buffer): Buffer => value;
const method = (name: string, responseStream: boolean): object => ({
  path: `/test.Echo/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});

/** What a server says of a call that asks for a failure. */
const FAILURE = { code: 5, details: 'nobody is called “Zoë”, 100% sure; password=hunter2' };

const handlers = {
  say({ request }: Call, done: (error: object | null, value?: Buffer) => void) {
    setActor(`served ${String(request)}`);
    if (String(request) === 'fail') done(FAILURE);
    else done(null, request);
  },
  tell(call: Call) {
    call.write(call.request);
    if (String(call.request) === 'fail') call.emit('error', FAILURE);
    else call.end();
  },
};

let grpc: Grpc;
let audit: AuditObserver;
let server: Server;
let port: number;
let client: Client;

before(async () => {
  // Loaded once recording has begun, as in an application.
  const first = observeAudit();
  const folder = await installed({ '@grpc/grpc-js': '1.14.7' });
  grpc = createRequire(path.join(folder, 'index.js'))('@grpc/grpc-js') as Grpc;
  first.stop();
  server = new grpc.Server();
  server.addService({ say: method('Say', false), tell: method('Tell', true) }, handlers);
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
});
beforeEach(() => {
  audit = observeAudit();
  client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});
afterEach(() => {
  client.close();
  audit.stop();
});
after(() => server.forceShutdown());

/** Makes a call that gets one answer. */
function say(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest('/test.Echo/Say', same, same, Buffer.from(text), (error, value) =>
      error ? reject(error) : resolve(String(value)),
    );
  });
}

/** Makes a call that gets a stream of answers. */
async function tell(text: string): Promise<string> {
  const answers = client.makeServerStreamRequest('/test.Echo/Tell', same, same, Buffer.from(text));
  let told = '';
  answers.on('data', (part: Buffer) => (told += String(part)));
  await once(answers, 'end');
  return told;
}

/** The records of both sides of one call, once there are both. */
async function bothSides(): Promise<RequestEvent[]> {
  return Promise.all(
    ['internal', 'external'].map((side) =>
      audit.waitFor<RequestEvent>((record) => (record as RequestEvent).request_type === side),
    ),
  );
}

describe('a call of gRPC', () => {
  it('is recorded on both sides, with the actor and the request id of who made it, also before there is a connection', async () => {
    const call = (id: string): Promise<string> => withActor({ id }, () => say(id));
    await Promise.all(['ann', 'bob', 'cid'].map(call));
    await call('dan');
    const records = outgoingRecords(audit);
    assert.deepEqual(
      records.map(({ actor_id, request_size }) => [actor_id, request_size]),
      [
        ['ann', 8],
        ['bob', 8],
        ['cid', 8],
        ['dan', 8],
      ],
    );
    for (const record of records) {
      assert.equal(record.request_repr.method, 'POST');
      assert.equal(record.request_repr.endpoint, `http://127.0.0.1:${port}/test.Echo/Say`);
      assert.equal(record.request_repr.body, 'Binary content');
      assert.equal(record.response_repr.body, 'Binary content');
      assert.deepEqual([record.request_size, record.response_size], [8, 8]);
    }
    const served = audit.requests.filter(({ request_type }) => request_type === 'internal');
    assert.deepEqual(
      served.map(({ actor_id }) => actor_id),
      ['ann', 'bob', 'cid', 'dan'].map((id) => `served ${id}`),
    );
  });

  it('carries the span in which it was made, also where another one has opened the connection', async () => {
    const people = ['ann', 'bob', 'cid'];
    await inContext(ROOT_CONTEXT, () =>
      Promise.all(people.map((id, i) => inSpan(i, () => withActor(id, () => say(id))))),
    );
    assert.deepEqual(
      outgoingRecords(audit).map(({ actor_id, span_id }) => [actor_id, span_id]),
      people.map((id, i) => [id, spanId(i)]),
    );
  });

  const calls: [what: string, make: (text: string) => Promise<string>][] = [
    ['with one answer', say],
    ['with a stream of answers', tell],
  ];
  for (const [what, make] of calls) {
    it(`${what} that goes well is a success`, async () => {
      assert.equal(await make('hello'), 'hello');
      for (const { outcome, error_message, response_repr, response_size } of await bothSides()) {
        assert.deepEqual([outcome, error_message, response_size], ['success', null, 10]);
        assert.equal(response_repr.body_truncated, undefined);
      }
    });

    it(`${what} that fails is a failure, by the status in its trailers or headers, without secrets`, async () => {
      await assert.rejects(make('fail'), FAILURE);
      for (const { outcome, error_message, response_repr } of await bothSides()) {
        assert.equal(outcome, 'failure');
        assert.equal(
          error_message,
          'gRPC status 5 (NOT_FOUND): nobody is called “Zoë”, 100% sure; password=[REDACTED]',
        );
        assert.equal(response_repr.status_code, 200);
        assert.equal(response_repr.body_truncated, undefined);
        assert.doesNotMatch(JSON.stringify(response_repr), /hunter2/);
      }
    });
  }
});
