import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';

import { type Obstacle, closeGate } from '../../src/event/obstacle.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import type { Incoming } from '../support/audited-server.ts';

let audit: AuditObserver;
let server: http2.Http2Server;
let client: http2.ClientHttp2Session;
let open: (() => void) | undefined;

afterEach(() => {
  open?.();
  audit.stop();
  client.destroy();
  server.close();
});

const REASON = 'EROFS: read-only file system, open';

async function start(on: http2.Http2Server, obstacle: Obstacle): Promise<void> {
  audit = observeAudit({ outgoing: false, ignorePaths: ['/health'] });
  server = on.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  open = closeGate((stream) => (stream === 'api' ? obstacle : undefined));
}

async function ask(headers: http2.OutgoingHttpHeaders, body?: string): Promise<{ headers: object; body: string }> {
  const stream = client.request({ ...(body !== undefined && { ':method': 'POST' }), ...headers });
  stream.end(body);
  const [got] = (await once(stream, 'response')) as [object];
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return { headers: got, body: text };
}

function recordOf(path: string): Promise<Incoming> {
  return audit.waitFor<Incoming>((record) => (record as Incoming).request_repr?.path === path, 5000);
}

/** By the stream API, and by the compatibility API. */
const SERVERS: Readonly<Record<string, (asked: (path: unknown) => void) => http2.Http2Server>> = {
  'a stream': (asked) =>
    http2.createServer().on('stream', (stream, headers) => {
      asked(headers[':path']);
      stream.respond();
      stream.pipe(stream);
    }),
  'a request of the compatibility API': (asked) =>
    http2.createServer((request, response) => {
      asked(request.url);
      request.pipe(response);
    }),
};

for (const [kind, create] of Object.entries(SERVERS)) {
  describe(`${kind} whose record can not be written`, () => {
    it('is answered with 503, and never given to the application', async () => {
      const asked: unknown[] = [];
      await start(
        create((path) => asked.push(path)),
        { reason: REASON },
      );
      const { headers, body } = await ask({ ':path': '/a' }, 'some body');
      const { ':status': status, 'retry-after': retryAfter, 'content-type': type } = headers as Record<string, unknown>;
      assert.deepEqual([status, retryAfter, type], [503, '1', 'text/plain; charset=utf-8']);
      assert.equal(body, 'The audit trail is not available\n');
      assert.equal((await ask({ ':path': '/head', ':method': 'HEAD' })).body, '');
      assert.equal((await recordOf('/head')).error_message, `The audit trail was not available: ${REASON}`);
      assert.equal((await ask({ ':path': '/health' }, 'well')).body, 'well');
      assert.deepEqual(asked, ['/health']);
      const { outcome, error_message: error, response_repr: response } = await recordOf('/a');
      assert.deepEqual(
        [outcome, error, response?.status_code],
        ['failure', `The audit trail was not available: ${REASON}`, 503],
      );
    });

    it('is held with its body until the obstacle has passed, unless its client has gone', async () => {
      const asked: unknown[] = [];
      let pass = (): void => undefined;
      const passed = new Promise<void>((resolve) => void (pass = resolve));
      const waiting = new EventEmitter();
      const bothWait = once(waiting, '2');
      let count = 0;
      const obstacle = {
        reason: REASON,
        passed(): Promise<void> {
          waiting.emit(String((count += 1)));
          return passed;
        },
      };
      await start(
        create((path) => asked.push(path)),
        obstacle,
      );
      const reply = ask({ ':path': '/held' }, 'the body');
      const gone = client.request({ ':path': '/gone', ':method': 'POST' });
      gone.on('error', () => undefined);
      await bothWait;
      gone.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      assert.equal((await recordOf('/gone')).outcome, 'failure');
      assert.deepEqual(asked, []);
      pass();
      assert.equal((await reply).body, 'the body');
      assert.deepEqual(asked, ['/held']);
      assert.equal((await recordOf('/held')).outcome, 'success');
    });
  });
}
