import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { metrics } from '@opentelemetry/sdk-node';

import { acknowledgementOf } from '../../src/event/acknowledgement.ts';
import { emit } from '../../src/event/emit.ts';
import { auditHealth } from '../../src/export/export-health.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { auditInstrumentations } from '../../src/instrumentations.ts';
import { ORIGIN, modelExample } from '../support/example-events.ts';
import { providerWith } from '../support/provider.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = metrics;

describe('the metrics of the export', () => {
  it('say by stream what auditHealth says, and how long writes and syncs take', async (t) => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    const instrumentations = [...auditInstrumentations(), ...auditInstrumentations()];
    for (const one of instrumentations) one.setMeterProvider(meters);
    for (const one of instrumentations) one.disable();
    const provider = providerWith(new FileLogRecordExporter({ directory: temporaryFolder(t) }), 'disk');
    for (const action of ['CREATE', 'UPDATE', 'DELETE'] as const) {
      await acknowledgementOf(() => emit(modelExample(action), ORIGIN, provider));
    }
    await meters.forceFlush();
    const { records, bytes } = auditHealth().audit;
    assert.equal(records, 3);
    assert.ok(bytes > 1000);
    assert.deepEqual(ofAudit(exporter), {
      'audit.export.records': ['{record}', 3],
      'audit.export.bytes': ['By', bytes],
      'audit.export.lost': ['{record}', 0],
      'audit.export.queue': ['By', 0],
      'audit.export.write.duration': ['s', 3],
      'audit.export.sync.duration': ['s', 3],
    });
    await provider.shutdown();
    await meters.shutdown();
  });
});

/** Of each metric its unit, and its value for the stream `audit`, or how many were measured. */
function ofAudit(exporter: InstanceType<typeof InMemoryMetricExporter>): Record<string, unknown> {
  const points = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics: found }) => found)
    .filter(({ descriptor: { name } }) => name.startsWith('audit.export.'))
    .flatMap(({ descriptor: { name, unit }, dataPoints }) =>
      dataPoints
        .filter(({ attributes }) => attributes['audit.stream'] === 'audit')
        .map(({ value }) => [name, [unit, typeof value === 'object' ? value.count : value]]),
    );
  return Object.fromEntries(points) as Record<string, unknown>;
}
