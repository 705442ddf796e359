/** Logs changes as operations that wait for their acknowledgement: as many as it can, or so many a second. */
import { setTimeout } from 'node:timers/promises';

import { acknowledgementOf } from '../../dist/event/acknowledgement.js';
import { flush, logs } from './audit-records.js';
import { measured } from './measured.js';

/** Operations at a time, where they are as many as it can. */
const AT_A_TIME = 2000;

process.on('message', (question) => void answer(question).then((result) => process.send(result)));
process.on('disconnect', () => process.exit());
process.send('ready');

async function answer({ records, perSecond }) {
  const waits = [];
  const log = perSecond === undefined ? () => logAtATime(records) : () => logEvenly(records, perSecond, waits);
  const used = await measured(async () => {
    await log();
    await flush();
  });
  waits.sort((a, b) => a - b);
  return { ...used, median: waits[waits.length >> 1] ?? 0, tail: waits[Math.ceil(waits.length * 0.99) - 1] ?? 0 };
}

async function logAtATime(records) {
  let left = records;
  await Promise.all(Array.from({ length: AT_A_TIME }, operate));

  async function operate() {
    while (left-- > 0) await (acknowledgementOf(logs.crud) ?? nextTurn());
  }
}

let turn;

/** One for all that wait for it. */
function nextTurn() {
  return (turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  }));
}

/** How long each has waited is counted from when it was due: who can't keep up makes all wait that come later. */
async function logEvenly(records, perSecond, waits) {
  const start = performance.now();
  const acknowledged = [];
  for (let logged = 0; logged < records; await setTimeout(1)) {
    const due = Math.min(records, ((performance.now() - start) / 1000) * perSecond);
    for (; logged < due; logged += 1) acknowledged.push(operate(start + (logged / perSecond) * 1000));
  }
  await Promise.all(acknowledged);

  async function operate(dueAt) {
    await acknowledgementOf(logs.crud);
    waits.push(performance.now() - dueAt);
  }
}
