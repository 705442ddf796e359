import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';

import { acknowledgementOf } from '../../src/event/acknowledgement.ts';
import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import type { Sync } from '../../src/export/group-commit.ts';
import type { ExportResult, LogRecordExporter } from '../../src/export/log-record-exporter.ts';
import { foreignRecord } from './exporter-contract.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ emit: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 6, arbitrary: fc.constantFrom('synced', 'turn', 'turn', 'flush') },
  { weight: 2, arbitrary: fc.constantFrom('full', 'mended', 'sync fails') },
);

it('acknowledges a record after a sync that began when it was written, whatever fails when', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (program) => {
      const disk = new Disk();
      const processor = new AuditLogRecordProcessor({
        exporter: disk,
        durability: { app: 'disk' },
        whenUnavailable: 'block',
      });
      let emitted = 0;
      const unsafe: number[] = [];
      const acknowledged: Promise<void>[] = [];
      const emit = (): void => {
        const number = (emitted += 1);
        const operation = acknowledgementOf(() => processor.onEmit(foreignRecord(number)));
        assert.ok(operation);
        const check = async (): Promise<void> => {
          await operation;
          if (!disk.isSafe(number)) unsafe.push(number);
        };
        acknowledged.push(check());
      };
      for (const one of program) {
        if (typeof one === 'object') for (let records = 0; records < one.emit; records += 1) emit();
        else if (one === 'synced') disk.endSync();
        else if (one === 'sync fails') disk.endSync(new Error('EIO'));
        else if (one === 'flush') void processor.forceFlush();
        else if (one === 'turn') await nextTurn();
        else disk.isFull = one === 'full';
      }
      disk.isFull = false;
      disk.endsAtOnce = true;
      disk.endSync();
      await processor.forceFlush();
      await Promise.all(acknowledged);
      await processor.shutdown();
      assert.deepEqual(unsafe, []);
    }),
    { numRuns: 100, seed: 5 },
  );
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A disk in memory that is full or not, and whose syncs end when the test says so. */
class Disk implements LogRecordExporter {
  isFull = false;
  endsAtOnce = false;
  readonly #written = new Set<unknown>();
  readonly #safe = new Set<unknown>();
  #end: ((error?: Error) => void) | undefined;

  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResult) => void): void {
    if (this.isFull) {
      resultCallback({ code: 1, error: new Error('ENOSPC') });
      return;
    }
    for (const { body } of records) this.#written.add(body);
    resultCallback({ code: 0 });
  }

  syncOf(): Sync {
    return (synced) => {
      assert.equal(this.#end, undefined, 'one sync at a time');
      const written = [...this.#written];
      this.#end = (error) => {
        if (!error) for (const body of written) this.#safe.add(body);
        synced(error);
      };
      if (this.endsAtOnce) setImmediate(() => this.endSync());
    };
  }

  endSync(error?: Error): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(error);
  }

  isSafe(number: number): boolean {
    return this.#safe.has(number);
  }

  async shutdown(): Promise<void> {}
}
