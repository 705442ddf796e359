import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { type Format, lineWriter } from '../../src/export/format.ts';
import { type AnyLogRecord, anyLogRecord } from '../support/any-log-record.ts';
import { eventOfEcsLine } from '../support/ecs-lines.ts';
import { recordOfOtlpLine } from '../support/otlp-lines.ts';
import { SDKS, type Sdk } from '../support/sdks.ts';
import { providerOf } from '../support/taken-records.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { exporterContract } from './exporter-contract.ts';

/** Reads a line, and throws for one that its format doesn't have. */
const READERS: Readonly<Record<Format, (line: string) => unknown>> = {
  seed: JSON.parse,
  otlp: recordOfOtlpLine,
  ecs: eventOfEcsLine,
};
const FORMATS = Object.keys(READERS) as Format[];

for (const format of FORMATS) {
  exporterContract(
    `FileLogRecordExporter with the format ${format}`,
    (t) => new FileLogRecordExporter({ directory: temporaryFolder(t), format, processFields: true }),
  );

  describe(`a line in the format ${format}`, () => {
    const options = { redactor: createRedactor(), processFields: true, streamField: true };
    const write = lineWriter(format, options, () => 0);

    it('is one line that can be read, whatever is in a record, and of whatever type', () => {
      fc.assert(
        fc.property(anyRecordLike, (record) => {
          expectLine(format, write(record, 'app'));
        }),
        { numRuns: 1000 },
      );
    });

    it('is one line that can be read, also of a record that can’t be read', () => {
      for (const record of [null, {}, new Proxy({}, { get: fail })])
        expectLine(format, write(record as LogRecordLike, 'audit'));
    });

    for (const [name, load] of Object.entries(SDKS)) {
      it(`is made of each record that ${name} has taken, by its own BatchLogRecordProcessor, too`, async () => {
        const sdk = await load();
        await fc.assert(
          fc.asyncProperty(fc.array(anyLogRecord, { minLength: 1, maxLength: 5 }), fc.boolean(), async (...drawn) => {
            const directory = mkdtempSync(path.join(os.tmpdir(), 'format-'));
            try {
              await logged(sdk, ...drawn, new FileLogRecordExporter({ directory, format }));
              const lines = readdirSync(directory).flatMap((file) =>
                readFileSync(path.join(directory, file), 'utf8').split(/(?<=\n)/),
              );
              assert.equal(lines.length, drawn[0].length);
              for (const line of lines) expectLine(format, line);
            } finally {
              rmSync(directory, { recursive: true });
            }
          }),
          { numRuns: 60 },
        );
      });
    }
  });
}

describe('lineWriter', () => {
  it('refuses a format that isn’t there', () => {
    const options = { redactor: createRedactor(), processFields: false, streamField: false };
    assert.throws(
      () => lineWriter('xml' as Format, options),
      /^TypeError: format: expected seed, otlp, ecs, got "xml"$/,
    );
  });
});

async function logged(
  sdk: Sdk,
  records: readonly AnyLogRecord[],
  isBatched: boolean,
  exporter: FileLogRecordExporter,
): Promise<void> {
  const provider = providerOf(
    sdk,
    isBatched
      ? new sdk.logs.BatchLogRecordProcessor({ exporter: exporter })
      : new AuditLogRecordProcessor({ exporter }),
  );
  const logger = provider.getLogger('other');
  for (const record of records) logger.emit(record as never);
  await provider.forceFlush();
  await provider.shutdown();
}

/** What no SDK makes, but another library's exporter may hand over. */
const anyRecordLike = fc.record({
  hrTime: fc.oneof(fc.tuple(fc.integer(), fc.integer()), fc.tuple(fc.double(), fc.double())),
  hrTimeObserved: fc.oneof(fc.tuple(fc.integer(), fc.integer()), fc.anything()),
  severityNumber: fc.anything(),
  severityText: fc.anything(),
  eventName: fc.anything(),
  body: fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true }),
  attributes: fc.oneof(fc.object({ withBigInt: true, withTypedArray: true, withSparseArray: true }), fc.anything()),
  droppedAttributesCount: fc.anything(),
  spanContext: fc.oneof(
    fc.anything(),
    fc.record({ traceId: fc.anything(), spanId: fc.string(), traceFlags: fc.double() }),
  ),
  resource: fc.oneof(fc.record({ attributes: fc.object(), schemaUrl: fc.anything() }), fc.anything()),
  instrumentationScope: fc.oneof(fc.record({ name: fc.anything(), attributes: fc.anything() }), fc.anything()),
}) as fc.Arbitrary<LogRecordLike>;

function expectLine(format: Format, line: string): void {
  assert.equal(line.at(-1), '\n');
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  assert.doesNotThrow(() => READERS[format](line));
}

function fail(): never {
  throw new Error('no');
}
