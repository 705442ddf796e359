import { cpuMicros, peakMegabytes } from '../support/usage.cjs';

/**
 * Answers the parent's questions: logs as many records as it asks for, some in each turn of the event loop, until all are
 * in the file.
 *
 * @param {Readonly<Record<string, () => void>>} logs how a record of each kind is logged
 * @param {() => Promise<void>} flush
 */
export function answer(logs, flush) {
  process.on('message', (question) => void measured(question).then((result) => process.send(result)));
  process.on('disconnect', () => process.exit());
  process.send('ready');

  async function measured({ kind, records, perTurn }) {
    const log = logs[kind];
    const start = performance.now();
    const cpuBefore = cpuMicros();
    for (let logged = 0; logged < records; logged += perTurn) {
      for (let i = 0; i < perTurn; i += 1) log();
      await new Promise(setImmediate);
    }
    await flush();
    const cpu = (cpuMicros() - cpuBefore) / records;
    const perSecond = (records / (performance.now() - start)) * 1000;
    return { cpu, perSecond, memory: peakMegabytes() };
  }
}
