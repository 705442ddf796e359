import type { MeterProvider } from '@opentelemetry/api';

import {
  AUDIT_EXPORT_BYTES,
  AUDIT_EXPORT_LOST,
  AUDIT_EXPORT_QUEUE,
  AUDIT_EXPORT_RECORDS,
  AUDIT_EXPORT_SYNC_DURATION,
  AUDIT_EXPORT_WRITE_DURATION,
  AUDIT_STREAM,
} from '../event/attributes.ts';
import { SCOPE } from '../event/emit.ts';
import { VERSION } from '../event/version.ts';
import { auditHealth, exportHealth } from './export-health.ts';
import { STREAMS } from './stream.ts';

/** Those that have the metrics. */
const PROVIDERS = Symbol.for('activity-audit.export-metrics.1');
const providers = ((globalThis as { [PROVIDERS]?: WeakSet<MeterProvider> })[PROVIDERS] ??= new WeakSet());

/** From 10 µs to 10 s. */
const SECONDS = [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10];

/**
 * Has a MeterProvider collect, by stream (`audit.stream`), what `auditHealth` tells, which is read when it does, and how long
 * writes and syncs take.
 */
export function measureExport(provider: MeterProvider): void {
  if (providers.has(provider)) return;
  providers.add(provider);
  const meter = provider.getMeter(SCOPE, VERSION);
  const observe = (kind: 'records' | 'bytes' | 'lost' | 'queuedBytes') => (observer: Observer) => {
    const health = auditHealth();
    for (const stream of STREAMS) observer.observe(health[stream][kind], { [AUDIT_STREAM]: stream });
  };
  meter
    .createObservableCounter(AUDIT_EXPORT_RECORDS, {
      unit: '{record}',
      description: 'Audit records that were written.',
    })
    .addCallback(observe('records'));
  meter
    .createObservableCounter(AUDIT_EXPORT_BYTES, {
      unit: 'By',
      description: 'Bytes of audit records that were written.',
    })
    .addCallback(observe('bytes'));
  meter
    .createObservableCounter(AUDIT_EXPORT_LOST, { unit: '{record}', description: 'Audit records that were lost.' })
    .addCallback(observe('lost'));
  meter
    .createObservableUpDownCounter(AUDIT_EXPORT_QUEUE, {
      unit: 'By',
      description: 'Audit records that wait in memory, as they can’t be written.',
    })
    .addCallback(observe('queuedBytes'));
  const advice = { explicitBucketBoundaries: SECONDS };
  const writes = meter.createHistogram(AUDIT_EXPORT_WRITE_DURATION, {
    unit: 's',
    description: 'How long it takes to hand audit records to the operating system.',
    advice,
  });
  const syncs = meter.createHistogram(AUDIT_EXPORT_SYNC_DURATION, {
    unit: 's',
    description: 'How long it takes until audit records are on the disk.',
    advice,
  });
  exportHealth.listeners.add({
    wrote: (stream, seconds) => writes.record(seconds, { [AUDIT_STREAM]: stream }),
    synced: (stream, seconds) => syncs.record(seconds, { [AUDIT_STREAM]: stream }),
  });
}

interface Observer {
  observe(value: number, attributes: Readonly<Record<string, string>>): void;
}
