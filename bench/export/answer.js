import { monitorEventLoopDelay } from 'node:perf_hooks';

import { cpuMicros, peakMegabytes } from '../support/usage.cjs';

/** In milliseconds: between two looks at how late the event loop is. */
const RESOLUTION = 1;

/**
 * Answers the parent's questions: logs as many records as it asks for, some in each turn of the event loop, until all are
 * in the file.
 *
 * @param {Readonly<Record<string, () => void>>} logs how a record of each kind is logged
 * @param {(kind: string, records: number) => unknown} flush
 */
export function answer(logs, flush) {
  process.on('message', (question) => void measured(question).then((result) => process.send(result)));
  process.on('disconnect', () => process.exit());
  process.send('ready');

  async function measured({ kind, records, perTurn }) {
    const log = logs[kind];
    const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
    delays.enable();
    const cpuBefore = cpuMicros();
    const start = performance.now();
    for (let logged = 0; logged < records; logged += perTurn) {
      for (let i = 0; i < perTurn; i += 1) log();
      await new Promise(setImmediate);
    }
    await flush(kind, records);
    const seconds = (performance.now() - start) / 1000;
    const cpu = cpuMicros() - cpuBefore;
    await new Promise(setImmediate);
    delays.disable();
    const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
    return { cpu, seconds, memory: peakMegabytes(), late: late(delays.percentile(99)), latest: late(delays.max) };
  }
}
