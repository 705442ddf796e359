import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';

import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import * as fc from 'fast-check';

import { emit, takesEvents } from '../../src/event/emit.ts';
import { type LogRecordLike, fromLogRecord } from '../../src/event/from-log-record.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { lineWriter } from '../../src/export/format.ts';
import { streamOf } from '../../src/export/stream.ts';
import { anyLogRecord } from '../support/any-log-record.ts';
import { asLine, withLowerCaseHeaders } from '../support/as-line.ts';
import { EVENTS, INCOMING, ORIGIN, TIME } from '../support/example-events.ts';
import { recordOfOtlpLine } from '../support/otlp-lines.ts';
import { SDKS } from '../support/sdks.ts';
import { takenByOthers, takenByOurs } from '../support/taken-records.ts';

const redactor = createRedactor();
const options = { redactor, processFields: false, streamField: false };
const otlp = lineWriter('otlp', options);
const seed = lineWriter('seed', options);

const otlpLine = (record: LogRecordLike): string => otlp(record, streamOf(record));
const seedLine = (record: LogRecordLike): ReturnType<typeof asLine> =>
  JSON.parse(seed(record, streamOf(record))) as ReturnType<typeof asLine>;

const sdk2 = await SDKS['SDK 2.x']();

for (const [name, load] of Object.entries(SDKS)) {
  const sdk = await load();

  describe(`an OTLP line of a record of ${name}`, () => {
    for (const [what, [event, origin]] of Object.entries(EVENTS)) {
      it(`says all of ${what}`, () => {
        const { provider, records } = takenByOurs(sdk);
        emit(event, origin, provider);
        takesEvents(provider);
        emit(event, origin, provider);
        assert.equal(records.length, 2);
        for (const record of records) {
          const read = recordOfOtlpLine(otlpLine(record));
          assert.deepEqual(asLine(fromLogRecord(read, redactor)), withLowerCaseHeaders(seedLine(record)));
          assert.deepEqual(read.hrTime, record.hrTime);
          assert.deepEqual(read.hrTimeObserved, record.hrTimeObserved);
          assert.equal(read.severityNumber, record.severityNumber);
          assert.equal(read.eventName, record.eventName);
          assert.equal(read.instrumentationScope.name, 'activity-audit');
        }
      });

      it(`is what OpenTelemetry itself makes of ${what}`, () => {
        const { provider, records } = takenByOthers(sdk);
        emit(event, origin, provider);
        const [record] = records;
        assert.ok(record);
        assert.deepEqual(comparable(JSON.parse(otlpLine(record))), comparable(serialized(record)));
      });
    }

    it('says all of any record of other code that its line in the default format says', () => {
      fc.assert(
        fc.property(anyLogRecord, ({ attributes, ...others }) => {
          const { provider, records } = takenByOurs(sdk);
          provider.getLogger('other', '1.2.3').emit({ timestamp: TIME, attributes, ...others } as never);
          const [record] = records;
          assert.ok(record);
          const read = recordOfOtlpLine(otlpLine(record));
          assert.deepEqual(asLine(fromLogRecord(read, redactor)), seedLine(record));
        }),
        { numRuns: 500 },
      );
    });

    it('is what OpenTelemetry itself makes of a record of other code in which nothing is secret', () => {
      const { provider, records } = takenByOthers(sdk);
      provider.getLogger('other', '1.2.3', { schemaUrl: 'https://example.com/1' }).emit({
        timestamp: [1_755_363_992, 403_000_001],
        observedTimestamp: [1_755_363_993, 7],
        severityNumber: 13,
        severityText: 'warn',
        eventName: 'stock.low',
        body: { item: 'lamp', left: 2, share: 0.25, isSold: true, tags: ['a', 7, null, { b: [] }] },
        attributes: {
          'code.file.path': '/app/stock.js',
          'code.line.number': 7,
          'exception.type': 'RangeError',
          'exception.message': 'too few',
          'exception.stacktrace': 'RangeError: too few\n    at stock.js:7',
          left: 2,
          share: -0.5,
          isSold: true,
          tags: ['a', 'b'],
        },
        context: ORIGIN.context,
      });
      const [record] = records;
      assert.ok(record);
      assert.deepEqual(comparable(JSON.parse(otlpLine(record))), comparable(serialized(record)));
    });
  });

  function serialized(record: ReadableLogRecord): unknown {
    return JSON.parse(Buffer.from(sdk.transformer.JsonLogsSerializer.serializeRequest([record])).toString());
  }
}

describe('an OTLP line', () => {
  it('is exactly this', () => {
    const { provider, records } = takenByOthers(sdk2);
    provider
      .getLogger('orders')
      .emit({ timestamp: TIME, observedTimestamp: TIME, severityNumber: 9, body: 'a\u2028b', attributes: { left: 2 } });
    assert.equal(
      otlpLine(records[0] as ReadableLogRecord),
      '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"review_board"}}]},"scopeLogs":[{"scope":{"name":"orders"},"logRecords":[{"timeUnixNano":"1755363992403000000","observedTimeUnixNano":"1755363992403000000","severityNumber":9,"body":{"stringValue":"a\\u2028b"},"attributes":[{"key":"left","value":{"intValue":"2"}}]}]}]}]}\n',
    );
  });

  it('has numbers that a 64-bit integer or a double holds, to the last digit', () => {
    const attributes = { a: Number.MAX_SAFE_INTEGER, b: -7, c: 0.1, d: 2 ** 63, e: -1e-300 };
    assert.deepEqual(written({ attributes }).attributes, attributes);
  });

  it('leaves out ids and times that would make a reader refuse it', () => {
    const spanContext = { traceId: 'not hex', spanId: '12' };
    const read = written({ hrTime: [-5, 0], hrTimeObserved: [1e12, 0], spanContext });
    assert.deepEqual([read.hrTime, read.hrTimeObserved, read.spanContext], [[0, 0], [0, 0], undefined]);
  });

  for (const [given, shown] of [
    [24, 24],
    [25, 21],
    [1.5, 1],
    [0, undefined],
    [Number.NaN, undefined],
  ] as const) {
    it(`has of the severity number ${given} what OpenTelemetry has: ${shown}`, () => {
      assert.equal(written({ severityNumber: given }).severityNumber, shown);
    });
  }

  it('counts the attributes of other code that its SDK dropped, and none of ours', () => {
    assert.equal(written({ droppedAttributesCount: 3 }).droppedAttributesCount, 3);
    const { provider, records } = takenByOurs(sdk2);
    emit(INCOMING, ORIGIN, provider);
    const [record] = records;
    assert.ok(record);
    const dropping = Object.defineProperty(record, 'droppedAttributesCount', { value: 9 });
    assert.equal(recordOfOtlpLine(otlpLine(dropping)).droppedAttributesCount, 0);
  });

  it('withholds the secrets of a resource and of a scope', () => {
    const line = otlpLine({
      ...FOREIGN,
      resource: {
        attributes: {
          'process.command_args': ['node', 'app.js', '--password', 'hunter2'],
          'process.command_line': 'node app.js --password hunter3',
          'deployment.token': 'hunter4',
          'process.executable.name': 'node',
        },
      },
      instrumentationScope: { name: 'x', attributes: { password: 'hunter5', 'tenant.id': 'acme' } },
    });
    assert.doesNotMatch(line, /hunter/);
    assert.match(line, /acme/);
    assert.match(line, /"process.executable.name","value":\{"stringValue":"node"\}/);
  });

  it('has of a resource what is known by then, and all of it once that is there', () => {
    let asyncAttributesPending = true;
    const resource = {
      get asyncAttributesPending() {
        return asyncAttributesPending;
      },
      attributes: { 'service.name': 'shop', 'host.id': '7' },
      getRawAttributes: (): readonly (readonly [string, unknown])[] => [
        ['service.name', 'shop'],
        ['service.name', 'unknown_service'],
        ['host.id', Promise.resolve('7')],
      ],
    };
    assert.deepEqual(written({ resource }).resource.attributes, { 'service.name': 'shop' });
    asyncAttributesPending = false;
    assert.deepEqual(written({ resource }).resource.attributes, { 'service.name': 'shop', 'host.id': '7' });
  });

  it('tells its process in the resource, and its stream in an attribute, if it is to', () => {
    const write = lineWriter('otlp', { redactor, processFields: true, streamField: true });
    const record = {
      ...FOREIGN,
      attributes: { 'audit.stream': 'forged' },
      resource: { attributes: { 'host.name': 'x' } },
    };
    const read = recordOfOtlpLine(write(record, 'api'));
    assert.equal(read.attributes['audit.stream'], 'api');
    assert.equal(read.resource.attributes['process.pid'], process.pid);
    assert.equal(read.resource.attributes['host.name'], hostname());
  });

  it('says of a record that can’t be read just that', () => {
    const write = lineWriter('otlp', { redactor, processFields: true, streamField: true }, () => TIME);
    const read = recordOfOtlpLine(write({} as LogRecordLike, 'app'));
    assert.deepEqual(read.hrTimeObserved, [TIME / 1000 - 0.403, 403_000_000]);
    assert.deepEqual(
      [read.body, read.severityText, read.attributes['audit.stream'], read.resource.attributes['process.pid']],
      ['Unreadable record', 'ERROR', 'app', process.pid],
    );
  });
});

const FOREIGN: LogRecordLike = {
  hrTime: [1_755_363_992, 403_000_000],
  body: 'hello',
  attributes: {},
  resource: { attributes: {} },
  instrumentationScope: { name: 'foreign' },
};

function written(parts: Partial<LogRecordLike>): LogRecordLike {
  return recordOfOtlpLine(otlpLine({ ...FOREIGN, ...parts }));
}

/** Without what OpenTelemetry writes though it is nothing, attributes in any order, integers as texts. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(comparable);
    return items.every(isKeyValue) ? items.toSorted((a, b) => (a.key < b.key ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, part]) => key !== 'droppedAttributesCount' || part !== 0);
  return Object.fromEntries(entries.map(([key, part]) => [key, key === 'intValue' ? String(part) : comparable(part)]));
}

function isKeyValue(value: unknown): value is { readonly key: string } {
  return typeof value === 'object' && value !== null && 'key' in value;
}
