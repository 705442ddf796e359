import assert from 'node:assert/strict';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';

/**
 * The LogRecord of a line of OTLP/JSON, read as the JSON mapping of OTLP has it
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), and as strictly as the Collector does.
 */
export function recordOfOtlpLine(line: string): LogRecordLike {
  const { resourceLogs } = JSON.parse(line) as LogsData;
  const [{ resource, scopeLogs }] = only(resourceLogs);
  const [{ scope, logRecords }] = only(scopeLogs);
  const [record] = only(logRecords);
  const { severityNumber, severityText, eventName, flags = 0 } = record;
  for (const id of [record.traceId, record.spanId]) assert.match(id ?? '', /^(?:[\da-f]{16}|[\da-f]{32})?$/i);
  if (severityNumber !== undefined) assert.ok(Number.isInteger(severityNumber) && severityNumber <= 24);
  return {
    hrTime: hrTime(record.timeUnixNano),
    hrTimeObserved: hrTime(record.observedTimeUnixNano),
    severityNumber,
    severityText,
    eventName,
    body: valueOf(record.body),
    attributes: attributesOf(record.attributes),
    droppedAttributesCount: record.droppedAttributesCount ?? 0,
    spanContext:
      record.traceId && record.spanId
        ? { traceId: record.traceId, spanId: record.spanId, traceFlags: flags }
        : undefined,
    resource: { attributes: attributesOf(resource.attributes) },
    instrumentationScope: { name: scope.name ?? '', version: scope.version },
  };
}

interface LogsData {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes?: readonly KeyValue[] };
    readonly scopeLogs: readonly {
      readonly scope: { readonly name?: string; readonly version?: string };
      readonly logRecords: readonly OtlpLogRecord[];
    }[];
  }[];
}

interface OtlpLogRecord {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano?: string;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly eventName?: string;
  readonly body?: AnyValue;
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly flags?: number;
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** At most one of them. */
interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
}

function only<T>(list: readonly T[]): readonly [T] {
  assert.equal(list.length, 1);
  return list as unknown as readonly [T];
}

function hrTime(nanos = '0'): [seconds: number, nanoseconds: number] {
  assert.match(nanos, /^\d+$/);
  assert.ok(BigInt(nanos) < 2n ** 64n);
  return [Number(BigInt(nanos) / 1_000_000_000n), Number(BigInt(nanos) % 1_000_000_000n)];
}

function attributesOf(list: readonly KeyValue[] = []): Record<string, unknown> {
  assert.equal(new Set(list.map(({ key }) => key)).size, list.length, 'keys are unique');
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: AnyValue | undefined): unknown {
  if (value === undefined) return undefined;
  const [kind, ...others] = Object.keys(value);
  assert.deepEqual(others, []);
  switch (kind) {
    case undefined:
      return null;
    case 'stringValue':
    case 'boolValue':
      return value[kind];
    case 'intValue':
      assert.match(String(value.intValue), /^-?\d+$/);
      return Number(value.intValue);
    case 'doubleValue':
      return Number(value.doubleValue);
    case 'arrayValue':
      return value.arrayValue?.values?.map(valueOf) ?? [];
    case 'kvlistValue':
      return attributesOf(value.kvlistValue?.values);
    default:
      throw new Error(`an AnyValue has no ${kind}`);
  }
}
