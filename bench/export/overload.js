/** Logs while the disk is full, or isn't, and then waits until all that was kept is in the file. */
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { auditHealth } from '../../dist/export/export-health.js';
import { logAll } from './answer.js';
import { flush, logs } from './audit-records.js';
import { measured } from './measured.js';

const WARMING_RECORDS = 20_000;
/** Within it, what is at the path of a file is found to be another one. */
const CHECK_INTERVAL_MS = 1000;

// What is said of the outage is not what this is about.
process.stderr.write = () => true;

const file = path.join(process.env.DIRECTORY, 'api.log');

process.on('message', (question) => void answer(question).then((result) => process.send(result)));
process.on('disconnect', () => process.exit());
process.send('ready');

async function answer({ records, perTurn, isFull }) {
  await logAll(logs.api, WARMING_RECORDS, perTurn);
  await flush();
  rmSync(file);
  if (isFull) symlinkSync('/dev/full', file);
  await setTimeout(CHECK_INTERVAL_MS);
  const used = await measured(() => logAll(logs.api, records, perTurn));
  const { queuedRecords, queuedBytes, lost } = auditHealth().api;
  if (isFull) rmSync(file);
  const recovery = await measured(flush);
  return { ...used, queuedRecords, queuedBytes, lost, recovery, arrived: arrivedOf(readFileSync(file, 'latin1')) };
}

/** Without the record that tells of those which are lost. */
function arrivedOf(lines) {
  return lines.split('\n').filter((line) => line.includes('"name":"audit.request"')).length;
}
