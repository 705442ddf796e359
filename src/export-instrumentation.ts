import type { MeterProvider } from '@opentelemetry/api';

import { Instrumentation } from './capture/instrumentation.ts';
import { guard } from './event/guard.ts';
import { measureExport } from './export/export-metrics.ts';

/** Records nothing: an SDK gives it its MeterProvider, to measure what becomes of the others' records. */
export class ExportInstrumentation extends Instrumentation<{ readonly enabled?: boolean }> {
  constructor() {
    super('activity-audit/export', {});
  }

  override setMeterProvider(provider: MeterProvider): void {
    guard('measuring the export', () => measureExport(provider));
  }

  protected override start(): void {
    // There is nothing to hook.
  }

  override disable(): void {
    // Nor to unhook.
  }
}
