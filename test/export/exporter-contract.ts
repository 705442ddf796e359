import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import type { ExportResult, LogRecordExporter } from '../../src/export/log-record-exporter.ts';

/** What every exporter keeps to, ours or a wrapper. */
export function exporterContract(name: string, create: (t: TestContext) => LogRecordExporter): void {
  describe(`${name}, as an exporter`, () => {
    it('calls back once with success', async (t) => {
      const results = await exported(create(t), [foreignRecord('hello')]);
      assert.deepEqual(
        results.map(({ code }) => code),
        [0],
      );
    });

    it('takes an empty batch', async (t) => {
      const results = await exported(create(t), []);
      assert.deepEqual(
        results.map(({ code }) => code),
        [0],
      );
    });

    for (const [kind, body] of Object.entries(STRANGE_BODIES)) {
      it(`takes a record of foreign code whose body is ${kind}`, async (t) => {
        const results = await exported(create(t), [foreignRecord(body)]);
        assert.deepEqual(
          results.map(({ code }) => code),
          [0],
        );
      });
    }

    it('takes a record that throws when it is read', async (t) => {
      const unreadable = Object.defineProperty(foreignRecord('x'), 'attributes', {
        get() {
          throw new Error('no');
        },
      });
      const results = await exported(create(t), [unreadable, foreignRecord('y')]);
      assert.deepEqual(
        results.map(({ code }) => code),
        [0],
      );
    });

    it('flushes and shuts down, also twice', async (t) => {
      const exporter = create(t);
      await exported(exporter, [foreignRecord('hello')]);
      await exporter.forceFlush?.();
      await exporter.forceFlush?.();
      await exporter.shutdown();
      await exporter.shutdown();
    });

    it('fails what comes after its shutdown, and says why', async (t) => {
      const exporter = create(t);
      await exporter.shutdown();
      const [result, ...more] = await exported(exporter, [foreignRecord('late')]);
      assert.equal(result?.code, 1);
      assert.match(String(result?.error), /shut down/);
      assert.deepEqual(more, []);
    });
  });
}

const circular: Record<string, unknown> = { name: 'circular' };
circular['self'] = circular;

const STRANGE_BODIES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'an object': { a: { b: { c: { d: [1, new Date(0)] } } } },
  'a bigint': 12345678901234567890n,
  'a circular object': circular,
  'an object with a bigint': { id: 1n },
  'an object that throws': {
    get secret(): string {
      throw new Error('no');
    },
  },
  'full of control characters': '\u0000\n\r\u001b[2J\u007f\u0085\u2028\u2029\ud800',
  'a function': () => 1,
  'a symbol': Symbol('s'),
};

/** As it would come from another library's logger, without our processor. */
export function foreignRecord(body: unknown): LogRecordLike {
  return {
    hrTime: [1_755_363_992, 403_000_000],
    severityNumber: 9,
    severityText: 'INFO',
    body,
    attributes: {},
    resource: { attributes: {} },
    instrumentationScope: { name: 'foreign' },
  };
}

/** All results that an export calls back with, also those that come too late or too often. */
async function exported(exporter: LogRecordExporter, records: readonly LogRecordLike[]): Promise<ExportResult[]> {
  const results: ExportResult[] = [];
  await new Promise<void>((resolve) => {
    exporter.export(records, (result) => {
      results.push(result);
      resolve();
    });
  });
  await new Promise(setImmediate);
  return results;
}
