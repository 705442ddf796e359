import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { isDisabled, logBatchesFrom, resourceFrom, signalsFrom } from '../src/otel-environment.ts';

describe('the resource', () => {
  it('has the name of OTEL_SERVICE_NAME, before that of OTEL_RESOURCE_ATTRIBUTES', () => {
    assert.deepEqual(resourceFrom({}), { 'service.name': 'unknown_service:node' });
    const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop, deployment.environment.name=test%2Ceu' };
    assert.deepEqual(resourceFrom(attributes), { 'service.name': 'shop', 'deployment.environment.name': 'test,eu' });
    assert.equal(resourceFrom({ ...attributes, OTEL_SERVICE_NAME: 'blog' })['service.name'], 'blog');
  });

  for (const text of ['shop', 'a=b=c', '=x', 'a=%zz']) {
    it(`is refused as ${text}`, () => {
      assert.throws(
        () => resourceFrom({ OTEL_RESOURCE_ATTRIBUTES: text }),
        /OTEL_RESOURCE_ATTRIBUTES: expected key=value/,
      );
    });
  }
});

describe('OTEL_SDK_DISABLED', () => {
  it('switches off with true alone, whatever its case', () => {
    assert.deepEqual(
      ['true', 'TRUE', '1', 'false', ''].map((text) => isDisabled({ OTEL_SDK_DISABLED: text })),
      [true, true, false, false, false],
    );
  });
});

describe('signals', () => {
  const asked: [env: Record<string, string>, signals: object | undefined][] = [
    [{}, undefined],
    [{ OTEL_SERVICE_NAME: 'blog' }, undefined],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' }, undefined],
    [{ OTEL_TRACES_EXPORTER: 'console' }, { traces: true, metrics: false, logs: undefined }],
    [{ OTEL_METRICS_EXPORTER: 'prometheus' }, { traces: false, metrics: true, logs: undefined }],
    [
      { OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { traces: false, metrics: false, logs: 'grpc' },
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, { traces: true, metrics: true, logs: 'http/protobuf' }],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_METRICS_EXPORTER: 'none' },
      { traces: true, metrics: false, logs: 'http/protobuf' },
    ],
    [
      { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://c:4318/v1/logs', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json' },
      { traces: false, metrics: false, logs: 'http/json' },
    ],
  ];
  for (const [env, signals] of asked) {
    it(`are ${JSON.stringify(signals)} by ${JSON.stringify(env)}`, () =>
      assert.deepEqual(signalsFrom(env), signals && { ...signals, logBatches: {} }));
  }

  it('are refused where they can not be', () => {
    assert.throws(
      () => signalsFrom({ OTEL_LOGS_EXPORTER: 'kafka' }),
      /OTEL_LOGS_EXPORTER: expected otlp, console or none, got "kafka"/,
    );
    assert.throws(
      () => signalsFrom({ OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'http' }),
      /expected http\/protobuf, http\/json or grpc/,
    );
  });
});

describe('batches of log records', () => {
  it('are what OTEL_BLRP_* say', () => {
    const env = {
      OTEL_BLRP_SCHEDULE_DELAY: '0',
      OTEL_BLRP_EXPORT_TIMEOUT: ' 5000 ',
      OTEL_BLRP_MAX_QUEUE_SIZE: '100',
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '10',
    };
    assert.deepEqual(logBatchesFrom(env), {
      scheduledDelayMillis: 0,
      exportTimeoutMillis: 5000,
      maxQueueSize: 100,
      maxExportBatchSize: 10,
    });
    assert.deepEqual(signalsFrom({ ...env, OTEL_LOGS_EXPORTER: 'otlp' })?.logBatches, logBatchesFrom(env));
  });

  it('have no limit of time for 0, as long as a timer of Node.js can be', () => {
    assert.deepEqual(logBatchesFrom({ OTEL_BLRP_EXPORT_TIMEOUT: '0' }), { exportTimeoutMillis: 2 ** 31 - 1 });
    assert.deepEqual(logBatchesFrom({ OTEL_BLRP_SCHEDULE_DELAY: '9999999999' }), { scheduledDelayMillis: 2 ** 31 - 1 });
  });

  it('are the SDK’s own where a variable is empty, and where it is wrong, which is reported', (t) => {
    const written = t.mock.method(process.stderr, 'write', () => true);
    assert.deepEqual(logBatchesFrom({ OTEL_BLRP_SCHEDULE_DELAY: '' }), {});
    assert.equal(written.mock.callCount(), 0);
    for (const value of ['-1', '1.5', 'many', '0'])
      assert.deepEqual(logBatchesFrom({ OTEL_BLRP_MAX_QUEUE_SIZE: value }), {}, value);
    assert.match(
      String(written.mock.calls[0]?.arguments[0]),
      /OTEL_BLRP_MAX_QUEUE_SIZE failed: expected a whole number above 0, got "-1"/,
    );
  });
});
