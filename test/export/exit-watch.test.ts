import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';

import { ExitWatch } from '../../src/export/exit-watch.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const listeners = (): number[] => SIGNALS.map((signal) => process.listenerCount(signal));

describe('ExitWatch', () => {
  const opened: ExitWatch[] = [];
  const watch = (flush: () => void = () => {}): ExitWatch => {
    const made = new ExitWatch(flush);
    opened.push(made);
    return made;
  };

  afterEach(async () => {
    for (const one of opened.splice(0)) one.close();
    await quiet();
  });

  it('listens to no signal while nothing is held', () => {
    watch();
    assert.deepEqual(listeners(), [0, 0, 0]);
  });

  it('listens while something is held, and not much longer', async () => {
    const one = watch();
    one.hold();
    assert.deepEqual(listeners(), [1, 1, 1]);
    one.release();
    await quiet();
    assert.deepEqual(listeners(), [0, 0, 0]);
  });

  it('goes on listening while the event loop is busy, where a signal may be on its way', async () => {
    const one = watch();
    one.hold();
    one.release();
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise(setImmediate);
      busyFor(5);
      assert.deepEqual(listeners(), [1, 1, 1]);
    }
    await quiet();
    assert.deepEqual(listeners(), [0, 0, 0]);
  });

  it('listens on where something is held anew', async () => {
    const one = watch();
    one.hold();
    one.release();
    one.hold();
    await quiet();
    assert.deepEqual(listeners(), [1, 1, 1]);
    one.release();
    await quiet();
    assert.deepEqual(listeners(), [0, 0, 0]);
  });

  it('has one set of listeners for all', async () => {
    const exits = process.listenerCount('exit');
    const [first, second] = [watch(), watch()];
    first.hold();
    second.hold();
    assert.deepEqual(listeners(), [1, 1, 1]);
    assert.equal(process.listenerCount('exit'), exits + 1);
    first.release();
    await quiet();
    assert.deepEqual(listeners(), [1, 1, 1]);
    first.close();
    second.close();
    await quiet();
    assert.deepEqual(listeners(), [0, 0, 0]);
    assert.equal(process.listenerCount('exit'), exits);
  });

  it('flushes before the handlers of the application hear of a signal, which see only themselves', () => {
    const seen: string[] = [];
    const handler = (): number => seen.push(`handler of ${process.listenerCount('SIGTERM')}`);
    process.on('SIGTERM', handler);
    const one = watch(() => {
      seen.push('flush');
      one.release();
    });
    one.hold();
    process.emit('SIGTERM', 'SIGTERM');
    process.removeListener('SIGTERM', handler);
    assert.deepEqual(seen, ['flush', 'handler of 1']);
    assert.deepEqual(listeners(), [0, 0, 0]);
  });

  it('survives a flush that throws', () => {
    const handler = (): void => {};
    process.on('SIGTERM', handler);
    watch(() => {
      throw new Error('no');
    }).hold();
    process.emit('SIGTERM', 'SIGTERM');
    process.removeListener('SIGTERM', handler);
  });

  it('keeps to the exit in a worker thread, where there are no signals', async () => {
    const url = new URL('../../src/export/exit-watch.ts', import.meta.url);
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       import(${JSON.stringify(url.href)}).then(({ ExitWatch }) => {
         const watch = new ExitWatch(() => parentPort.postMessage('flushed'));
         watch.hold();
         parentPort.postMessage(process.listenerCount('SIGTERM'));
         process.exit();
       });`,
      { eval: true },
    );
    const messages: unknown[] = [];
    worker.on('message', (message) => messages.push(message));
    await new Promise((resolve) => worker.on('exit', resolve));
    assert.deepEqual(messages, [0, 'flushed']);
  });
});

/** Some turns of the event loop in which nothing runs. */
async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

function busyFor(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
