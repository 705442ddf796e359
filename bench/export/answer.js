import { measured } from './measured.js';

/**
 * Answers the parent's questions: logs as many records as it asks for, some in each turn of the event loop, until all are
 * in the file.
 *
 * @param {Readonly<Record<string, () => void>>} logs how a record of each kind is logged
 * @param {(kind: string, records: number) => unknown} flush
 */
export function answer(logs, flush) {
  process.on('message', (question) => void answerTo(question).then((result) => process.send(result)));
  process.on('disconnect', () => process.exit());
  process.send('ready');

  async function answerTo({ kind, records, perTurn }) {
    return measured(async () => {
      await logAll(logs[kind], records, perTurn);
      await flush(kind, records);
    });
  }
}

/** Logs records, some in each turn of the event loop. */
export async function logAll(log, records, perTurn) {
  for (let logged = 0; logged < records; logged += perTurn) {
    for (let i = 0; i < perTurn; i += 1) log();
    await new Promise(setImmediate);
  }
}
