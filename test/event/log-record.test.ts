import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { emit } from '../../src/event/emit.ts';
import type { AuditEvent } from '../../src/event/event.ts';
import { fromLogRecord } from '../../src/event/from-log-record.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { asLine, withLowerCaseHeaders } from '../support/as-line.ts';
import { EVENTS, INCOMING, LOGIN, ORIGIN, modelExample } from '../support/example-events.ts';
import { plainProvider } from '../support/provider.ts';

describe('toLogRecord and fromLogRecord', () => {
  for (const [what, [event, origin]] of Object.entries(EVENTS)) {
    it(`lose nothing of ${what}`, () => {
      const { provider, records } = plainProvider();
      emit(event, origin, provider);
      const [record] = records;
      assert.ok(record);
      assert.deepEqual(
        asLine(fromLogRecord(record, createRedactor())),
        withLowerCaseHeaders(asLine(withServiceName(event))),
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

/** Where an event names no service, its line has that of the provider. */
function withServiceName(event: AuditEvent): AuditEvent {
  return event.service_name ? event : { ...event, service_name: 'review_board' };
}
