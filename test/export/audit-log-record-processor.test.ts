import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  InMemoryLogRecordExporter,
  type LogRecordExporter,
  type LogRecordProcessor,
  LoggerProvider,
} from '@opentelemetry/sdk-logs';

import { withActor } from '../../src/context/actor.ts';
import { runInWork } from '../../src/context/work.ts';
import { acknowledgementOf } from '../../src/event/acknowledgement.ts';
import { emit } from '../../src/event/emit.ts';
import type { LogRecordLike } from '../../src/event/from-log-record.ts';
import { AuditLogRecordProcessor } from '../../src/export/audit-log-record-processor.ts';
import { ConsoleLogRecordExporter } from '../../src/export/console-log-record-exporter.ts';
import { FileLogRecordExporter } from '../../src/export/file-log-record-exporter.ts';
import { INCOMING, ORIGIN, modelExample } from '../support/example-events.ts';
import { providerWith } from '../support/provider.ts';

describe('AuditLogRecordProcessor', () => {
  it('has an audit record exported when emit returns', () => {
    const exporter = new RecordingExporter();
    emit(modelExample('CREATE'), ORIGIN, providerWith(exporter));
    assert.deepEqual(exporter.batches, [['CREATE event for Order (id: 7)']]);
  });

  it('exports the first records of a turn at once, and the rest in one batch', async () => {
    const exporter = new RecordingExporter();
    const logger = providerWith(exporter).getLogger('app');
    for (let index = 0; index < 6; index += 1) logger.emit({ body: String(index) });
    assert.deepEqual(exporter.batches, [['0'], ['1'], ['2']]);
    await nextTurn();
    assert.deepEqual(exporter.batches.slice(3), [['3', '4', '5']]);
  });

  it('goes on exporting in batches while there is much in each turn, and at once after that', async () => {
    const exporter = new RecordingExporter();
    const logger = providerWith(exporter).getLogger('app');
    for (let index = 0; index < 6; index += 1) logger.emit({ body: String(index) });
    await nextTurn();
    exporter.batches.length = 0;
    logger.emit({ body: 'second turn' });
    assert.deepEqual(exporter.batches, []);
    await nextTurn();
    assert.deepEqual(exporter.batches, [['second turn']]);
    logger.emit({ body: 'third turn' });
    assert.deepEqual(exporter.batches.at(-1), ['third turn']);
  });

  it('has nothing wait for a record that no operation waits for, so that an outage holds up no process', async (t) => {
    const provider = new LoggerProvider({
      processors: [new AuditLogRecordProcessor({ exporter: new BrokenExporter(), whenUnavailable: 'block' })],
    });
    t.after(() => provider.shutdown());
    const emitOne = (): void => emit(INCOMING, ORIGIN, provider);
    const timers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    emitOne();
    const before = timers();
    emitOne();
    assert.equal(timers(), before);
    assert.ok(acknowledgementOf(emitOne));
    assert.equal(timers(), before + 1);
  });

  it('lets an audit record overtake what is held', () => {
    const exporter = new RecordingExporter();
    const provider = providerWith(exporter);
    for (let index = 0; index < 20; index += 1) emit(INCOMING, ORIGIN, provider);
    emit(modelExample('CREATE'), ORIGIN, provider);
    assert.deepEqual(exporter.batches.at(-1), ['CREATE event for Order (id: 7)']);
  });

  it('exports every stream at once if told to', () => {
    const exporter = new RecordingExporter();
    const logger = providerWith(exporter, 'os').getLogger('app');
    for (let index = 0; index < 20; index += 1) logger.emit({ body: String(index) });
    assert.equal(exporter.batches.length, 20);
  });

  it('loses nothing of a burst, and holds little of it', async () => {
    const exporter = new RecordingExporter();
    const logger = providerWith(exporter).getLogger('app');
    const bodies = Array.from({ length: 10_000 }, (_, index) => String(index));
    for (const body of bodies) logger.emit({ body });
    assert.ok(exporter.batches.flat().length > 9000);
    await nextTurn();
    assert.deepEqual(exporter.batches.flat(), bodies);
  });

  it('flushes what it holds, also when asked twice at a time', async () => {
    const exporter = new RecordingExporter();
    const provider = providerWith(exporter);
    const logger = provider.getLogger('app');
    for (let index = 0; index < 20; index += 1) logger.emit({ body: String(index) });
    await Promise.all([provider.forceFlush(), provider.forceFlush()]);
    assert.equal(exporter.batches.flat().length, 20);
    assert.equal(exporter.flushes, 2);
  });

  it('flushes, then shuts the exporter down, once', async () => {
    const exporter = new RecordingExporter();
    const processor = new AuditLogRecordProcessor({ exporter });
    const logger = new LoggerProvider({ processors: [processor] }).getLogger('app');
    for (let index = 0; index < 20; index += 1) logger.emit({ body: String(index) });
    await Promise.all([processor.shutdown(), processor.shutdown()]);
    assert.equal(exporter.batches.flat().length, 20);
    assert.equal(exporter.shutdowns, 1);
    logger.emit({ body: 'late' });
    assert.equal(exporter.batches.flat().length, 20);
  });

  it('throws nothing into the application, and rejects nothing', async () => {
    const exporter = new RecordingExporter();
    const fail = (): never => {
      throw new Error('no');
    };
    Object.assign(exporter, { export: fail, forceFlush: fail, shutdown: fail });
    const provider = providerWith(exporter);
    emit(modelExample('CREATE'), ORIGIN, provider);
    provider.getLogger('app').emit({ body: 'x' });
    await provider.forceFlush();
    await provider.shutdown();
  });

  it('leaves no listener behind when it is shut down', async () => {
    const before = process.listenerCount('exit');
    const processor = new AuditLogRecordProcessor({ exporter: new RecordingExporter() });
    assert.ok(process.listenerCount('exit') >= before);
    await processor.shutdown();
    assert.equal(process.listenerCount('exit'), before);
  });

  it('puts request and actor on the records of other code, for the exporters behind it', () => {
    const exporter = new InMemoryLogRecordExporter();
    const logger = providerWith(exporter).getLogger('app');
    runInWork({ requestId: 'req-9' }, () => {
      logger.emit({ body: 'in a request' });
      withActor('u1', () => logger.emit({ body: 'of a user' }));
    });
    logger.emit({ body: 'outside' });
    assert.deepEqual(
      exporter.getFinishedLogRecords().map(({ attributes }) => attributes),
      [
        { 'audit.request.id': 'req-9', 'audit.actor.id': 'anonymous', 'audit.actor.type': 'user' },
        { 'audit.request.id': 'req-9', 'audit.actor.id': 'u1', 'audit.actor.type': 'user' },
        {},
      ],
    );
  });

  it('leaves the actor that other code put on its record', () => {
    const exporter = new InMemoryLogRecordExporter();
    const logger = providerWith(exporter).getLogger('app');
    withActor('u1', () => logger.emit({ attributes: { 'audit.actor.id': 'given' } }));
    assert.equal(exporter.getFinishedLogRecords()[0]?.attributes['audit.actor.id'], 'given');
  });

  it('fits where OpenTelemetry wants a processor, as its exporters do', () => {
    const exporters: LogRecordExporter[] = [new ConsoleLogRecordExporter(), new FileLogRecordExporter({ streams: [] })];
    const processors: LogRecordProcessor[] = exporters.map((exporter) => new AuditLogRecordProcessor({ exporter }));
    assert.equal(processors.length, 2);
  });
});

class RecordingExporter {
  readonly batches: string[][] = [];
  flushes = 0;
  shutdowns = 0;

  export(records: readonly LogRecordLike[], resultCallback: (result: { code: 0 }) => void): void {
    this.batches.push(records.map(({ body }) => String(body)));
    resultCallback({ code: 0 });
  }

  async forceFlush(): Promise<void> {
    this.flushes += 1;
  }

  async shutdown(): Promise<void> {
    this.shutdowns += 1;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

class BrokenExporter implements LogRecordExporter {
  export(...[, resultCallback]: Parameters<LogRecordExporter['export']>): void {
    resultCallback({ code: 1, error: new Error('disk full') });
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
