import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';

import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import * as fc from 'fast-check';

import { emit, takesEvents } from '../../src/event/emit.ts';
import type { AuditEvent } from '../../src/event/event.ts';
import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { lineWriter } from '../../src/export/format.ts';
import { streamOf } from '../../src/export/stream.ts';
import { anyLogRecord } from '../support/any-log-record.ts';
import { eventOfEcsLine } from '../support/ecs-lines.ts';
import {
  EVENTS,
  INCOMING,
  LOGIN,
  ORIGIN,
  OUTGOING,
  SYSTEM_ORIGIN,
  TIME,
  modelExample,
} from '../support/example-events.ts';
import { SDKS } from '../support/sdks.ts';
import { takenByOthers, takenByOurs } from '../support/taken-records.ts';

const redactor = createRedactor();
const options = { redactor, processFields: false, streamField: false };
const ecs = lineWriter('ecs', options);
const seed = lineWriter('seed', options);

const ecsLine = (record: LogRecordLike): string => ecs(record, streamOf(record));
const seedLine = (record: LogRecordLike): unknown => JSON.parse(seed(record, streamOf(record)));

const sdk2 = await SDKS['SDK 2.x']();

for (const [name, load] of Object.entries(SDKS)) {
  const sdk = await load();

  describe(`an ECS line of a record of ${name}`, () => {
    for (const [what, [event, origin]] of Object.entries(EVENTS)) {
      it(`says all of ${what}, header names as they were sent`, () => {
        const { provider, records } = takenByOurs(sdk);
        emit(event, origin, provider);
        takesEvents(provider);
        emit(event, origin, provider);
        assert.equal(records.length, 2);
        for (const record of records) assert.deepEqual(eventOfEcsLine(ecsLine(record)), seedLine(record));
      });
    }

    it('says all of any record of other code that its line in the default format says', () => {
      fc.assert(
        fc.property(anyLogRecord, ({ attributes, ...others }) => {
          const { provider, records } = takenByOurs(sdk);
          provider.getLogger('other').emit({ timestamp: TIME, attributes, ...others } as never);
          const [record] = records;
          assert.ok(record);
          assert.deepEqual(eventOfEcsLine(ecsLine(record)), seedLine(record));
        }),
        { numRuns: 500 },
      );
    });

    it('has no field inside of a field that is a value, which an index would refuse', () => {
      fc.assert(
        fc.property(anyLogRecord, ({ attributes, ...others }) => {
          const { provider, records } = takenByOurs(sdk);
          provider.getLogger('other').emit({ attributes, ...others } as never);
          const fields = records.flatMap((record) => Object.keys(JSON.parse(ecsLine(record)) as object));
          for (const field of fields) {
            assert.doesNotMatch(field, /^\.|\.\s*(?:\.|$)/);
            assert.ok(!fields.some((other) => other.startsWith(`${field}.`)), field);
          }
        }),
        { numRuns: 500 },
      );
    });
  });
}

describe('an ECS line', () => {
  it('is exactly this for a row that was updated', () => {
    const event = modelExample('UPDATE', {
      row: { id: 7, name: 'B' },
      changes: [['name', 'A', 'B']],
      transactionId: 'tx-1',
    });
    assert.equal(
      lineOf(event),
      '{"@timestamp":"2025-08-16T17:06:32.403Z","log.level":"AUDIT","message":"UPDATE event for Order (id: 7)","ecs.version":"8.17.0","event.kind":"event","event.category":["database"],"event.type":["change"],"event.dataset":"audit.model","event.action":"UPDATE","user.id":"14ab1197-ebdd-4300-a618-5910e0219936","user.email":"example@email.com","audit.user_info":"{\\"title\\":\\"mr\\",\\"email\\":\\"example@email.com\\",\\"first_name\\":\\"mohanlal\\"}","audit.model":"Order","audit.instance_id":"7","audit.instance":"{\\"id\\":7,\\"name\\":\\"B\\"}","audit.changes":"{\\"name\\":[\\"A\\",\\"B\\"]}","audit.transaction_id":"tx-1","event.outcome":"success","audit.actor.id":"14ab1197-ebdd-4300-a618-5910e0219936","audit.actor.type":"user","http.request.id":"req-1","trace.id":"0af7651916cd43dd8448eb211c80319c","span.id":"b7ad6b7169203331","service.name":"review_board","event.id":"0198b3f0-1c93-7a11-8b22-0123456789ab","audit.schema_version":"1"}\n',
    );
  });

  const KINDS: readonly (readonly [event: AuditEvent, category: unknown, type: unknown])[] = [
    [modelExample('READ'), ['database'], ['access']],
    [modelExample('BULK_CREATE'), ['database'], ['change']],
    [modelExample('UPSERT'), ['database'], ['change']],
    [modelExample('TRUNCATE'), ['database'], ['change']],
    [modelExample('SQL'), ['database'], undefined],
    [{ ...modelExample('SQL'), event_type: 'EXPORT' }, undefined, undefined],
    [INCOMING, ['web'], ['access']],
    [OUTGOING, ['network'], ['protocol']],
    [LOGIN, ['authentication'], ['start']],
    [{ ...LOGIN, event: 'logout' }, ['authentication'], ['end']],
    [{ ...LOGIN, event: 'password_change' }, ['iam'], ['user']],
  ];
  for (const [event, category, type] of KINDS) {
    it(`files ${'event_type' in event ? event.event_type : 'event' in event ? event.event : event.message} under what it is`, () => {
      const fields = fieldsOf(event);
      assert.deepEqual(
        [fields['event.kind'], fields['event.category'], fields['event.type']],
        ['event', category, type],
      );
    });
  }

  it('has the duration of an exchange in whole nanoseconds', () => {
    assert.equal(fieldsOf({ ...INCOMING, execution_time: 5.376734 })['event.duration'], 5_376_734_000);
  });

  it('tells who was asked beside who asked', () => {
    const fields = fieldsOf(OUTGOING);
    assert.deepEqual([fields['service.name'], fields['service.target.name']], ['review_board', 'apollo']);
  });

  for (const [address, ip] of [
    ['203.0.113.9', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::1'],
    ['fe80::1%eth0', undefined],
    ['/run/app.sock', undefined],
  ]) {
    it(`has ${ip ? 'an' : 'no'} IP address of ${address}`, () => {
      const fields = fieldsOf({ ...INCOMING, client_address: address });
      assert.deepEqual(
        [fields['client.address'], fields['client.ip'], fields['source.address'], fields['source.ip']],
        [address, ip, address, ip],
      );
    });
  }

  it('has what the application’s hooks gave as labels: texts under names without dots', () => {
    const attributes = {
      'tenant.id': 7,
      tenant_id: 'other',
      plan: { name: 'gold' },
      none: null,
      '': 1,
      tags: ['a', 'b'],
    };
    const fields = fieldsOf({ ...INCOMING, attributes });
    const labels = Object.entries(fields).filter(([name]) => name.startsWith('labels.'));
    assert.deepEqual(Object.fromEntries(labels), {
      'labels.tenant_id': '7',
      'labels.plan': '{"name":"gold"}',
      'labels.tags': '["a","b"]',
    });
    assert.deepEqual(JSON.parse(fields['audit.attributes'] as string), attributes);
  });

  it('has the parts of an exception', () => {
    const { provider, records } = takenByOthers(sdk2);
    provider.getLogger('orders').emit({
      body: 'failed',
      attributes: {
        'exception.type': 'RangeError',
        'exception.message': 'too few, password=hunter2',
        'exception.stacktrace': 'RangeError: too few, password=hunter2\n    at stock.js:7',
      },
    });
    const fields = JSON.parse(ecsLine(records[0] as ReadableLogRecord)) as Record<string, unknown>;
    assert.deepEqual(
      [fields['error.type'], fields['error.message'], fields['error.stack_trace']],
      ['RangeError', 'too few, password=[REDACTED]', 'RangeError: too few, password=[REDACTED]\n    at stock.js:7'],
    );
  });

  it('hides a message of which the type says that it is a secret', () => {
    const { provider, records } = takenByOthers(sdk2);
    provider.getLogger('x').emit({ attributes: { 'exception.type': 'password', 'exception.message': 'hunter2' } });
    assert.doesNotMatch(ecsLine(records[0] as ReadableLogRecord), /hunter2/);
  });

  it('tells its process and its stream, if it is to', () => {
    const write = lineWriter('ecs', { redactor, processFields: true, streamField: true });
    const { provider, records } = takenByOthers(sdk2);
    provider.getLogger('x').emit({ body: 'hello' });
    const fields = JSON.parse(write(records[0] as ReadableLogRecord, 'app')) as Record<string, unknown>;
    assert.deepEqual(
      [fields['host.name'], fields['process.pid'], fields['audit.stream']],
      [hostname(), process.pid, 'app'],
    );
  });

  it('says of a record that can’t be read just that', () => {
    const write = lineWriter('ecs', { redactor, processFields: false, streamField: true }, () => TIME);
    assert.equal(
      write({} as LogRecordLike, 'app'),
      '{"@timestamp":"2025-08-16T17:06:32.403Z","log.level":"ERROR","message":"Unreadable record","ecs.version":"8.17.0","event.kind":"event","log.logger":"activity-audit","audit.stream":"app"}\n',
    );
  });
});

function lineOf(event: AuditEvent): string {
  const { provider, records } = takenByOurs(sdk2);
  emit(event, event === OUTGOING ? SYSTEM_ORIGIN : ORIGIN, provider);
  return ecsLine(records[0] as ReadableLogRecord);
}

function fieldsOf(event: AuditEvent): Record<string, unknown> {
  return JSON.parse(lineOf(event)) as Record<string, unknown>;
}
