import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Origin } from '../../src/context/origin.ts';
import { emit } from '../../src/event/emit.ts';
import type { AnyEvent, AuditEvent, JsonObject } from '../../src/event/event.ts';
import { fromLogRecord } from '../../src/event/from-log-record.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { ABORTED, INCOMING, LOGIN, ORIGIN, OUTGOING, SYSTEM_ORIGIN, modelExample } from '../support/example-events.ts';
import { plainProvider } from '../support/provider.ts';

const EVENTS: Readonly<Record<string, readonly [AuditEvent, Origin]>> = {
  'a row that was created': [modelExample('CREATE', { row: { id: 7, name: 'Test', price: 1.5, gone: null } }), ORIGIN],
  'a row that was updated': [
    modelExample('UPDATE', { row: { id: 7 }, changes: [['name', 'A', null]], transactionId: 'tx-1' }),
    ORIGIN,
  ],
  'a delete that failed': [modelExample('DELETE', { outcome: 'failure', errorMessage: 'foreign key' }), ORIGIN],
  'many rows that were restored': [
    modelExample('BULK_RESTORE', { key: [], extra: { total_count: 2, instance_ids: ['7', '8'] } }, SYSTEM_ORIGIN),
    SYSTEM_ORIGIN,
  ],
  'raw SQL of no known table': [
    modelExample('SQL', { model: '', key: [], extra: { sql: 'VACUUM' } }, SYSTEM_ORIGIN),
    SYSTEM_ORIGIN,
  ],
  'a request that came in': [INCOMING, ORIGIN],
  'a request that had no answer': [ABORTED, ORIGIN],
  'a request that could not be read': [
    { ...ABORTED, request_repr: { ...INCOMING.request_repr, method: '_OTHER', path: '' } },
    ORIGIN,
  ],
  'a request with bodies that are no objects': [
    {
      ...INCOMING,
      request_repr: { ...INCOMING.request_repr, body: 'Invalid JSON' },
      response_repr: { status_code: 200, headers: { 'content-type': 'image/png' }, body: 'Binary content' },
    },
    ORIGIN,
  ],
  'a request that went out': [OUTGOING, SYSTEM_ORIGIN],
  'a request that the application has marked': [
    { ...INCOMING, attributes: { 'tenant.id': 'acme', retries: 2, isProbe: false, tags: ['a', 'b'], sizes: [1, 2] } },
    ORIGIN,
  ],
  'a login that failed': [LOGIN, ORIGIN],
};

describe('toLogRecord and fromLogRecord', () => {
  for (const [what, [event, origin]] of Object.entries(EVENTS)) {
    it(`lose nothing of ${what}`, () => {
      const { provider, records } = plainProvider();
      emit(event, origin, provider);
      const [record] = records;
      assert.ok(record);
      assert.deepEqual(
        asLine(fromLogRecord(record, createRedactor())),
        asLine(withLowerCaseHeaders(withServiceName(event))),
      );
    });
  }

  it('make a text of what an attribute can’t hold', () => {
    const { provider, records } = plainProvider();
    const attributes = { plan: { name: 'gold' }, mixed: [1, 'a'], none: null };
    emit({ ...INCOMING, attributes }, ORIGIN, provider);
    const { plan, mixed, none } = records[0]?.attributes ?? {};
    assert.deepEqual([plan, mixed, none], ['{"name":"gold"}', '[1,"a"]', undefined]);
  });

  it('have no attribute for a path that is not known', () => {
    const { provider, records } = plainProvider();
    emit({ ...INCOMING, request_repr: { ...INCOMING.request_repr, path: '' } }, ORIGIN, provider);
    assert.ok(records[0]);
    assert.ok(!('url.path' in records[0].attributes) && !('audit.target.id' in records[0].attributes));
  });

  it('keep the level as text, and as a number that says no error', () => {
    const { provider, records } = plainProvider();
    for (const event of [modelExample('DELETE', { outcome: 'failure' }), INCOMING, LOGIN])
      emit(event, ORIGIN, provider);
    assert.deepEqual(
      records.map(({ severityText, severityNumber }) => [severityText, severityNumber]),
      [
        ['AUDIT', 10],
        ['API', 11],
        ['LOGIN', 12],
      ],
    );
  });

  it('take a record with one of our names that lacks what it must have for an app record', () => {
    const { provider, records } = plainProvider();
    provider.getLogger('other').emit({ eventName: 'audit.model', body: 'hello' });
    const [record] = records;
    assert.ok(record);
    const event = fromLogRecord(record, createRedactor());
    assert.equal(event.name, 'audit.model');
    assert.ok('exception' in event);
  });
});

/** As a file would have it: without what is undefined. */
function asLine(event: AnyEvent): unknown {
  return JSON.parse(JSON.stringify(event));
}

/** Where an event names no service, its line has that of the provider. */
function withServiceName(event: AuditEvent): AuditEvent {
  return event.service_name ? event : { ...event, service_name: 'review_board' };
}

function withLowerCaseHeaders(event: AuditEvent): AuditEvent {
  if (event.name !== 'audit.request') return event;
  return {
    ...event,
    request_repr: { ...event.request_repr, headers: lowerCase(event.request_repr.headers) },
    response_repr: { ...event.response_repr, headers: lowerCase(event.response_repr.headers) },
  };
}

function lowerCase(headers: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
