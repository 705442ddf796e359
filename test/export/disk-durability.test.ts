import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import type { LoggerProvider } from '@opentelemetry/sdk-logs';

import { acknowledgementOf } from '../../src/event/acknowledgement.ts';
import { emit } from '../../src/event/emit.ts';
import { ConsoleLogRecordExporter } from '../../src/export/console-log-record-exporter.ts';
import { exportHealth } from '../../src/export/export-health.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import type { Durability } from '../../src/export/policy.ts';
import { INCOMING, ORIGIN, modelExample } from '../support/example-events.ts';
import { providerWith } from '../support/provider.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('durability', () => {
  for (const [durability, waits] of [
    ['batch', false],
    ['os', false],
    ['disk', true],
  ] as const) {
    it(`${durability} has an operation wait: ${waits}`, async (t) => {
      const { provider, audit } = files(t, durability);
      const acknowledged = acknowledgementOf(() => emit(modelExample('CREATE'), ORIGIN, provider));
      assert.equal(acknowledged !== undefined, waits);
      await acknowledged;
      if (durability !== 'batch') assert.equal(lines(audit).length, 1);
      await provider.shutdown();
      assert.equal(lines(audit).length, 1);
    });
  }

  it('disk lets the operations of a time share a sync', async (t) => {
    const { provider, audit } = files(t, 'disk');
    const syncs = syncsOf(t);
    const created = async (): Promise<void> => {
      await acknowledgementOf(() => emit(modelExample('CREATE'), ORIGIN, provider));
    };
    await Promise.all(Array.from({ length: 500 }, created));
    assert.equal(lines(audit).length, 500);
    assert.equal(syncs(), 1);
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await acknowledgementOf(() => emit(modelExample('UPDATE'), ORIGIN, provider));
        await acknowledgementOf(() => emit(modelExample('DELETE'), ORIGIN, provider));
      }),
    );
    assert.ok(syncs() <= 5, `${syncs()} syncs`);
    assert.equal(lines(audit).length, 540);
  });

  it('disk exports what is held before the sync that acknowledges it, also that of a flush', async (t) => {
    const exporter = new FileLogRecordExporter({ directory: temporaryFolder(t) });
    const events: string[] = [];
    const provider = providerWith(
      {
        export: (records, callback) => {
          events.push(`export ${records.length}`);
          exporter.export(records, callback);
        },
        shutdown: () => exporter.shutdown(),
        syncOf: (stream) => {
          const sync = exporter.syncOf(stream);
          return (synced) => {
            events.push('sync');
            sync(synced);
          };
        },
      },
      'disk',
    );
    t.after(() => provider.shutdown());
    const flushed = provider.forceFlush();
    const acknowledged = Array.from({ length: 5 }, () =>
      acknowledgementOf(() => emit(modelExample('CREATE'), ORIGIN, provider)),
    );
    await Promise.all([flushed, ...acknowledged]);
    assert.deepEqual(events.slice(0, 5), ['export 1', 'export 1', 'export 1', 'export 2', 'sync']);
  });

  it('disk goes on where the file is renamed or its folder removed', async (t) => {
    const { provider, audit } = files(t, 'disk');
    const emitted = async (): Promise<void> => {
      await acknowledgementOf(() => emit(modelExample('CREATE'), ORIGIN, provider));
    };
    await emitted();
    renameSync(audit, `${audit}.1`);
    await emitted();
    assert.equal(lines(`${audit}.1`).length, 2);
    rmSync(path.dirname(audit), { recursive: true });
    await emitted();
    await provider.forceFlush();
  });

  it('may be chosen for each stream', async (t) => {
    const exporter = new FileLogRecordExporter({ directory: temporaryFolder(t) });
    const provider = providerWith(exporter, { api: 'disk' });
    assert.equal(
      acknowledgementOf(() => emit(modelExample('CREATE'), ORIGIN, provider)),
      undefined,
    );
    const acknowledged = acknowledgementOf(() => emit(INCOMING, ORIGIN, provider));
    assert.ok(acknowledged);
    await acknowledged;
  });

  it('disk takes an exporter that can sync, and says so at start', (t) => {
    const exporter = new ConsoleLogRecordExporter();
    assert.throws(
      () => new AuditLogRecordProcessor({ exporter, durability: 'disk' }),
      /takes an exporter that can sync/,
    );
    const some = new FileLogRecordExporter({ directory: temporaryFolder(t), streams: ['api'] });
    assert.throws(() => new AuditLogRecordProcessor({ exporter: some, durability: 'disk' }), /audit isn't written/);
  });
});

function files(t: TestContext, durability: Durability): { provider: LoggerProvider; audit: string } {
  const directory = path.join(temporaryFolder(t), 'audit_logs');
  const provider = providerWith(new FileLogRecordExporter({ directory }), durability);
  t.after(() => provider.shutdown());
  return { provider, audit: path.join(directory, 'audit.log') };
}

function lines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

/** @returns how often something has been synced since */
function syncsOf(t: TestContext): () => number {
  let count = 0;
  const listener = { wrote: () => undefined, synced: () => (count += 1) };
  exportHealth.listeners.add(listener);
  t.after(() => exportHealth.listeners.delete(listener));
  return () => count;
}
