import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import type { Origin } from '../../src/context/origin.ts';
import { emit } from '../../src/event/emit.ts';
import type { AppEvent, AuditEvent } from '../../src/event/event.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { lineOf } from '../../src/export/line.ts';
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
import { temporaryFolder } from '../support/temporary-folder.ts';

const USER =
  '"user_id":"14ab1197-ebdd-4300-a618-5910e0219936","user_info":{"title":"mr","email":"example@email.com","first_name":"mohanlal"}';
const ACTOR = '"actor_id":"14ab1197-ebdd-4300-a618-5910e0219936","actor_type":"user"';
const WORK = '"request_id":"req-1","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"';
const IDS = '"record_id":"0198b3f0-1c93-7a11-8b22-0123456789ab","schema_version":"1"';

describe('the line of an event, from emit to the file', () => {
  it('tells of a row that was created', (t) => {
    const event = modelExample('CREATE', { row: { id: 7, name: 'Test' } });
    assert.equal(
      lineInFile(t, event),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"AUDIT","name":"audit.model","message":"CREATE event for Order (id: 7)","model":"Order","event_type":"CREATE","instance_id":"7","instance_repr":{"id":7,"name":"Test"},${USER},"extra":{},"outcome":"success",${ACTOR},${WORK},"service_name":"review_board",${IDS}}\n`,
    );
  });

  it('tells of a row that was updated', (t) => {
    const event = modelExample('UPDATE', {
      row: { id: 7, name: 'B' },
      changes: [['name', 'A', 'B']],
      transactionId: 'tx-1',
    });
    assert.equal(
      lineInFile(t, event),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"AUDIT","name":"audit.model","message":"UPDATE event for Order (id: 7)","model":"Order","event_type":"UPDATE","instance_id":"7","instance_repr":{"id":7,"name":"B"},${USER},"extra":{},"changes":{"name":["A","B"]},"transaction_id":"tx-1","outcome":"success",${ACTOR},${WORK},"service_name":"review_board",${IDS}}\n`,
    );
  });

  it('tells of a delete that failed', (t) => {
    const event = modelExample('DELETE', { row: { id: 7 }, outcome: 'failure', errorMessage: 'foreign key violated' });
    assert.equal(
      lineInFile(t, event),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"AUDIT","name":"audit.model","message":"DELETE event for Order (id: 7)","model":"Order","event_type":"DELETE","instance_id":"7","instance_repr":{"id":7},${USER},"extra":{},"error_message":"foreign key violated","outcome":"failure",${ACTOR},${WORK},"service_name":"review_board",${IDS}}\n`,
    );
  });

  it('tells of many rows that a job changed', (t) => {
    const event = modelExample(
      'BULK_UPDATE',
      { key: [], extra: { total_count: 2, fields: ['name'], where: { id: [7, 8] }, instance_ids: ['7', '8'] } },
      SYSTEM_ORIGIN,
    );
    assert.equal(
      lineInFile(t, event, SYSTEM_ORIGIN),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"AUDIT","name":"audit.model","message":"BULK_UPDATE event for Order","model":"Order","event_type":"BULK_UPDATE","instance_id":"","instance_repr":{},"user_id":"","user_info":{},"extra":{"total_count":2,"fields":["name"],"where":{"id":[7,8]},"instance_ids":["7","8"]},"outcome":"success","actor_id":"system","actor_type":"system","service_name":"review_board",${IDS}}\n`,
    );
  });

  it('tells of a request that came in', (t) => {
    assert.equal(
      lineInFile(t, INCOMING),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"API","name":"audit.request","message":"Audit Internal Request","service_name":"review_board","request_type":"internal","protocol":"http",${USER},"request_repr":{"method":"POST","path":"/api/v1/orders/","query_params":{"page":"2","tag":["a","b"]},"headers":{"Content-Type":"application/json","accept":["text/html","*/*"]},"user":"14ab1197-ebdd-4300-a618-5910e0219936","body":{"title":"hello"}},"response_repr":{"status_code":201,"headers":{"content-type":"application/json; charset=utf-8"},"body":{"id":7,"tags":["x"]}},"error_message":null,"execution_time":0.012,"route":"/api/v1/orders/","client_address":"203.0.113.9","request_size":17,"response_size":24,"outcome":"success",${ACTOR},${WORK},${IDS}}\n`,
    );
  });

  it('tells of a request that had no answer', (t) => {
    assert.equal(
      lineInFile(t, ABORTED),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"API","name":"audit.request","message":"Audit Internal Request","service_name":"review_board","request_type":"internal","protocol":"http",${USER},"request_repr":{"method":"POST","path":"/upload","query_params":{},"headers":{"content-type":"text/plain"},"user":"14ab1197-ebdd-4300-a618-5910e0219936","body":"half of i","body_truncated":true},"response_repr":{"headers":{}},"error_message":"the client closed the connection","execution_time":1.5,"client_address":"203.0.113.9","request_size":17,"outcome":"failure",${ACTOR},${WORK},${IDS}}\n`,
    );
  });

  it('tells of a request that went out', (t) => {
    assert.equal(
      lineInFile(t, OUTGOING, SYSTEM_ORIGIN),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"API","name":"audit.request","message":"Audit External Service","service_name":"apollo","request_type":"external","protocol":"https","user_id":"","user_info":{},"request_repr":{"endpoint":"https://example.com/token?kind=a","method":"GET","headers":{}},"response_repr":{"status_code":200,"headers":{"content-type":"application/json"},"body":{"expiresIn":3600,"error":""}},"error_message":null,"execution_time":5.168,"outcome":"success","actor_id":"system","actor_type":"system",${IDS}}\n`,
    );
  });

  it('tells of a login', (t) => {
    assert.equal(
      lineInFile(t, LOGIN),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"LOGIN","name":"audit.login","message":"login_failed for mohanlal",${USER},"event":"login_failed","success":false,"error":"wrong password","extra":{"attempts":3},"outcome":"failure",${ACTOR},${WORK},"service_name":"review_board",${IDS}}\n`,
    );
  });

  it('tells what other code logged', (t) => {
    const folder = temporaryFolder(t);
    const provider = providerWith(new FileLogRecordExporter({ directory: folder }));
    provider.getLogger('orders').emit({
      timestamp: TIME,
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'Order 7\nfailed',
      attributes: {
        'code.file.path': '/app/orders/create.js',
        'code.function.name': 'createOrder',
        'code.line.number': 12,
        'exception.stacktrace': 'Error: no\n    at createOrder',
        order: 7,
        'audit.record.id': '0198b3f0-1c93-7a11-8b22-0123456789ab',
      },
    });
    assert.equal(
      readFileSync(path.join(folder, 'app.log'), 'utf8'),
      `{"timestamp":"2025-08-16 17:06:32.403","level":"ERROR","name":"orders","path":"/app/orders/create.js","module":"create","function":"createOrder","message":"Order 7\\nfailed","exception":"Error: no\\n    at createOrder","line":12,"attributes":{"order":7},"actor_id":"system","actor_type":"system","service_name":"review_board",${IDS}}\n`,
    );
  });
});

/** The keys of the original system's samples, in their order. */
const ORIGINAL_KEYS = {
  app: words('timestamp level name path module function message exception'),
  model: words(`timestamp level name message model event_type instance_id instance_repr user_id user_info extra`),
  request: words(`timestamp level name message service_name request_type protocol user_id user_info
    request_repr response_repr error_message execution_time`),
  incoming: words('method path query_params headers user body'),
  outgoing: words('endpoint method headers body'),
  response: words('status_code headers body'),
};

describe('the line of an event, beside that of the original system', () => {
  it('begins with the same keys for a change of a model', () => {
    assert.deepEqual(firstKeys(parsed(modelExample('CREATE')), ORIGINAL_KEYS.model), ORIGINAL_KEYS.model);
  });

  it('begins with the same keys for an incoming request, and inside of it', () => {
    const line = parsed(INCOMING);
    assert.deepEqual(firstKeys(line, ORIGINAL_KEYS.request), ORIGINAL_KEYS.request);
    assert.deepEqual(Object.keys(line['request_repr'] as object), ORIGINAL_KEYS.incoming);
    assert.deepEqual(Object.keys(line['response_repr'] as object), ORIGINAL_KEYS.response);
  });

  it('begins with the same keys for an outgoing request, and inside of it', () => {
    const line = parsed({ ...OUTGOING, request_repr: { endpoint: 'a', method: 'PUT', headers: {}, body: {} } });
    assert.deepEqual(firstKeys(line, ORIGINAL_KEYS.request), ORIGINAL_KEYS.request);
    assert.deepEqual(Object.keys(line['request_repr'] as object), ORIGINAL_KEYS.outgoing);
  });

  it('begins with the same keys for what other code logged', () => {
    assert.deepEqual(firstKeys(parsed(appEvent('hello')), ORIGINAL_KEYS.app), ORIGINAL_KEYS.app);
  });
});

describe('lineOf', () => {
  const hostile = 'a\nb\r\n\u0000\u001b[31m\u007f\u0085\u009b\u2028\u2029\ud83d\ude00\ud800é';

  it('makes one line that parses, whatever a value holds', () => {
    const line = lineOf(appEvent(hostile));
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    assert.equal(line.at(-1), '\n');
    assert.equal((JSON.parse(line) as AppEvent).message, hostile);
  });

  it('escapes keys too', () => {
    const event: AppEvent = { ...appEvent('x'), attributes: { 'a\u2028\nb\u007f': 1 } };
    assert.doesNotMatch(lineOf(event).slice(0, -1), /[\n\u2028\u007f]/);
    assert.deepEqual((JSON.parse(lineOf(event)) as AppEvent).attributes, event.attributes);
  });

  it('survives a lone surrogate on its way through UTF-8', () => {
    const line = Buffer.from(lineOf(appEvent('\udc00')), 'utf8').toString('utf8');
    assert.equal((JSON.parse(line) as AppEvent).message, '\udc00');
  });

  it('keeps what it can of an event that no JSON can hold', () => {
    const broken = { ...appEvent('kept'), attributes: { big: 1n } } as unknown as AppEvent;
    const line = JSON.parse(lineOf(broken)) as AppEvent;
    assert.equal(line.message, 'kept');
    assert.equal(line.attributes, 'Unserializable content');
  });
});

function lineInFile(t: TestContext, event: AuditEvent, origin: Origin = ORIGIN): string {
  const folder = temporaryFolder(t);
  const provider = providerWith(new FileLogRecordExporter({ directory: folder }));
  emit(event, origin, provider);
  return readFileSync(path.join(folder, event.name === 'audit.request' ? 'api.log' : 'audit.log'), 'utf8');
}

function words(text: string): string[] {
  return text.split(/\s+/);
}

function parsed(event: AuditEvent | AppEvent): Record<string, unknown> {
  return JSON.parse(lineOf(event)) as Record<string, unknown>;
}

function firstKeys(line: object, like: readonly string[]): string[] {
  return Object.keys(line).slice(0, like.length);
}

function appEvent(message: string): AppEvent {
  return {
    timestamp: '2025-08-16 17:06:32.403',
    level: 'INFO',
    name: 'app',
    path: '',
    module: '',
    function: '',
    message,
    exception: '',
    line: '',
  };
}
