import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, it } from 'node:test';

import type { Origin } from '../../src/context/origin.ts';
import { emit } from '../../src/event/emit.ts';
import type { AuditEvent } from '../../src/event/event.ts';
import { ConsoleLogRecordExporter } from '../../src/export/console-log-record-exporter.ts';
import {
  ABORTED,
  INCOMING,
  LOGIN,
  ORIGIN,
  OUTGOING,
  SYSTEM_ORIGIN,
  TIME,
  modelExample,
} from '../support/example-events.ts';
import { providerWith } from '../support/provider.ts';
import { exporterContract, foreignRecord } from './exporter-contract.ts';

exporterContract('ConsoleLogRecordExporter', () => new ConsoleLogRecordExporter({ stream: new PassThrough() }));

describe('ConsoleLogRecordExporter', () => {
  it('shows a change of a model', () => {
    assert.equal(
      shown(modelExample('CREATE')),
      'AUDIT 2025-08-16 17:06:32,403 - Order create CREATE event for Order (id: 7)\n',
    );
  });

  it('shows a change that failed', () => {
    assert.equal(
      shown(modelExample('DELETE', { outcome: 'failure', errorMessage: 'foreign\nkey' })),
      'AUDIT 2025-08-16 17:06:32,403 - Order delete DELETE event for Order (id: 7) failure: foreign\\nkey\n',
    );
  });

  it('shows a request', () => {
    assert.equal(
      shown(INCOMING),
      'API 2025-08-16 17:06:32,403 /api/v1/orders/ http POST Audit Internal Request 201 0.012s\n',
    );
  });

  it('shows a request that had no answer', () => {
    assert.equal(
      shown(ABORTED),
      'API 2025-08-16 17:06:32,403 /upload http POST Audit Internal Request - 1.500s the client closed the connection\n',
    );
  });

  it('shows a request that went out, without its query', () => {
    assert.equal(
      shown(OUTGOING, SYSTEM_ORIGIN),
      'API 2025-08-16 17:06:32,403 https://example.com/token http GET Audit External Service 200 5.168s\n',
    );
  });

  it('shows a login', () => {
    assert.equal(
      shown(LOGIN),
      'LOGIN 2025-08-16 17:06:32,403 - login login_failed login_failed for mohanlal failure: wrong password\n',
    );
  });

  it('shows what other code logged, with all that came with it, on one line', () => {
    const stream = new PassThrough();
    const provider = providerWith(new ConsoleLogRecordExporter({ stream }));
    provider.getLogger('orders').emit({
      timestamp: TIME,
      severityText: 'INFO',
      body: "Patient 'd6c9' created.",
      attributes: {
        'code.file.path': '/app/patients/api/utils.js',
        'code.function.name': 'createPatient',
        'exception.stacktrace': 'Error: no\n    at createPatient',
        deep: { a: { b: { c: { d: 1 } } } },
      },
    });
    assert.equal(
      String(stream.read()),
      `INFO 2025-08-16 17:06:32,403 /app/patients/api/utils.js utils createPatient Patient 'd6c9' created. {"deep":{"a":{"b":{"c":{"d":1}}}}} Error: no\\n    at createPatient\n`,
    );
  });

  it('shows what is not known as -', () => {
    const stream = new PassThrough();
    new ConsoleLogRecordExporter({ stream }).export([foreignRecord('hello')], () => {});
    assert.equal(String(stream.read()), 'INFO 2025-08-16 17:06:32,403 - - - hello\n');
  });

  it('lets no value do anything to the terminal', () => {
    const stream = new PassThrough();
    const body = '\u001b[2J\u009b1m\r\u202egnp.exe\u2066\u2028\u007f\u0007';
    new ConsoleLogRecordExporter({ stream }).export([{ ...foreignRecord(body), severityText: 'IN\u001bFO' }], () => {});
    assert.equal(
      String(stream.read()),
      'IN\\u001bFO 2025-08-16 17:06:32,403 - - - \\u001b[2J\\u009b1m\\r\\u202egnp.exe\\u2066\\u2028\\u007f\\u0007\n',
    );
  });

  it('colours the level alone, and only when told to if it is no terminal', () => {
    const stream = new PassThrough();
    new ConsoleLogRecordExporter({ stream, colors: true }).export([foreignRecord('hello')], () => {});
    assert.equal(String(stream.read()), '\u001b[32mINFO\u001b[39m 2025-08-16 17:06:32,403 - - - hello\n');
  });

  it('writes a batch at once', () => {
    const chunks: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(String(chunk));
        done();
      },
    });
    new ConsoleLogRecordExporter({ stream }).export([foreignRecord('a'), foreignRecord('b')], () => {});
    assert.deepEqual(
      chunks.map((chunk) => chunk.split('\n').length - 1),
      [2],
    );
  });

  it('leaves no listener on the stream, and hides no error from a listener of the application', async () => {
    const stream = brokenStream();
    const exporter = new ConsoleLogRecordExporter({ stream });
    const errors: Error[] = [];
    stream.on('error', (error: Error) => errors.push(error));
    exporter.export([foreignRecord('x')], () => {});
    assert.equal(stream.listenerCount('error'), 1);
    await new Promise((resolve) => stream.once('close', resolve));
    assert.deepEqual(errors.map(String), ['Error: EPIPE']);
  });

  it('survives a stream that breaks, at once or later', async () => {
    const stream = brokenStream();
    const exporter = new ConsoleLogRecordExporter({ stream });
    exporter.export([foreignRecord('x')], ({ code }) => assert.equal(code, 0));
    assert.equal(stream.listenerCount('error'), 0);
    await new Promise((resolve) => stream.once('close', resolve));
    exporter.export([foreignRecord('y')], ({ code }) => assert.equal(code, 0));
    await new Promise(setImmediate);
  });

  it('lets a process live on whose reader has gone away', async () => {
    const fixture = path.join(import.meta.dirname, '../fixtures/export/console-without-reader.ts');
    const child = spawn(process.execPath, [fixture], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'exit');
    assert.equal(code, 42);
  });
});

function shown(event: AuditEvent, origin: Origin = ORIGIN): string {
  const stream = new PassThrough();
  emit(event, origin, providerWith(new ConsoleLogRecordExporter({ stream })));
  return String(stream.read());
}

/** Fails as a pipe does whose other end was closed. */
function brokenStream(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      setImmediate(done, new Error('EPIPE'));
    },
  });
}
