import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { BatchLogRecordProcessor, type LogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';

import { HttpServerInstrumentation } from '../../src/capture/http-server.ts';
import { currentWork } from '../../src/context/work.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { outgoingRecords, outgoingTo } from '../support/outgoing-records.ts';
import { send, serve } from '../support/server.ts';

/** Sends a request with these headers, and waits for the answer. */
type Ask = (path: string, headers: Record<string, string>) => Promise<unknown>;

let audit: AuditObserver;
let server: Awaited<ReturnType<typeof serve>>;
let http2Server: http2.Http2Server;
let session: http2.ClientHttp2Session;
/** What is asked while `/gateway` is served. */
let asked: (client: Record<string, string>) => Promise<unknown>;

before(async () => {
  server = await serve((request, response) => {
    const answer = (): unknown => response.end('ok');
    if (request.url === '/gateway') void asked(request.headers as Record<string, string>).finally(answer);
    else answer();
  });
  http2Server = http2.createServer().on('stream', (stream) => stream.respond({}, { endStream: true }));
  await once(http2Server.listen(0, '127.0.0.1'), 'listening');
  session = http2.connect(`http://127.0.0.1:${(http2Server.address() as AddressInfo).port}`);
});
after(async () => {
  session.destroy();
  http2Server.close();
  await server.close();
});
beforeEach(() => {
  audit = observeAudit();
});
afterEach(() => audit.stop());

const clients: Record<string, Ask> = {
  'node:http': (path, headers) => send(server.port, { method: 'POST', path, headers }),
  fetch: async (path, headers) => (await fetch(`${server.url}${path}`, { method: 'POST', headers })).text(),
  'node:http2': (path, headers) =>
    once(session.request({ ':method': 'POST', ':path': path, ...headers }).resume(), 'close'),
};

const exporters: Record<string, { readonly headers: Record<string, string>; readonly path: string }> = {
  'OpenTelemetry’s exporters': {
    headers: { 'user-agent': 'shop/1.0 OTel-OTLP-Exporter-JavaScript/0.223.0' },
    path: '/otlp/v1/traces',
  },
  'OpenTelemetry’s exporters for gRPC': {
    headers: { 'user-agent': 'OTel-OTLP-Exporter-JavaScript/0.223.0 grpc-node-js/1.14.0' },
    path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  },
  Sentry: { headers: { 'user-agent': 'sentry.javascript.node/10.78.0' }, path: '/api/42/envelope/?sentry_version=7' },
  'dd-trace': { headers: { 'datadog-meta-lang': 'nodejs' }, path: '/v0.4/traces' },
};

/** The endpoints of what has gone out, once something that is recorded has. */
async function recorded(): Promise<string[]> {
  await send(server.port, { path: '/told' });
  await outgoingTo(audit, '/told');
  const paths = outgoingRecords(audit).map(({ request_repr }) => new URL(request_repr.endpoint).pathname);
  return paths.filter((path) => path !== '/told' && path !== '/gateway');
}

for (const [client, ask] of Object.entries(clients)) {
  describe(`by ${client}, what`, () => {
    for (const [exporter, { headers, path }] of Object.entries(exporters)) {
      const [pathname = ''] = path.split('?');

      it(`${exporter} send is not recorded, while a request is served or not`, async () => {
        await ask(path, headers);
        await ask('/anywhere', headers);
        asked = () => ask(path, headers);
        await send(server.port, { path: '/gateway' });
        assert.deepEqual(await recorded(), []);
      });

      it(`looks like it comes from ${exporter} is recorded, where a client has sent what it is told by`, async () => {
        asked = (passed) =>
          ask(path, Object.fromEntries(Object.keys(headers).map((name) => [name, passed[name] ?? ''])));
        await send(server.port, { path: '/gateway', headers });
        assert.deepEqual(await recorded(), [pathname]);
      });

      it(`looks like it comes from ${exporter} is recorded, where it goes elsewhere while a request is served`, async () => {
        asked = () => ask('/transfers', headers);
        await send(server.port, { path: '/gateway' });
        assert.deepEqual(await recorded(), ['/transfers']);
      });
    }
  });
}

describe('what an exporter of OpenTelemetry sends', () => {
  it('is not recorded, also where no context manager tells that tracing is suppressed', async () => {
    const provider = new LoggerProvider({
      processors: [new BatchLogRecordProcessor({ exporter: otlpExporter(`${server.url}/v1/logs`) })],
    });
    asked = async () => {
      provider.getLogger('test').emit({ body: 'exported' });
      await provider.forceFlush();
    };
    await send(server.port, { path: '/gateway' });
    await provider.shutdown();
    assert.ok(audit.requests.some(({ request_repr }) => 'path' in request_repr && request_repr.path === '/v1/logs'));
    assert.deepEqual(await recorded(), []);
  });

  it('because of our records is done in no work, so that it goes on without being recorded', async () => {
    audit.stop();
    const instrumentation = new HttpServerInstrumentation({ redactor: createRedactor() });
    const works: unknown[] = [];
    instrumentation.setLoggerProvider({ getLogger: () => ({ emit: () => works.push(currentWork()) }) } as never);
    await send(server.port, { path: '/' });
    while (works.length === 0) await new Promise(setImmediate);
    instrumentation.disable();
    assert.deepEqual(works, [undefined]);
  });
});

/** The SDK's own. */
function otlpExporter(url: string): LogRecordExporter {
  const fromSdk = createRequire(import.meta.resolve('@opentelemetry/sdk-node'));
  const { OTLPLogExporter } = fromSdk('@opentelemetry/exporter-logs-otlp-http') as {
    OTLPLogExporter: new (options: object) => LogRecordExporter;
  };
  return new OTLPLogExporter({ url });
}
