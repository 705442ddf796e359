/** Makes the reports that were ordered, and one each night. */
import { audit, withActor, withWork } from 'activity-audit';
import { Queue, Worker } from 'bullmq';

import { Report, sequelize } from './models.js';
import { REPORTS, connection } from './queue.js';

await sequelize.sync();

const reports = new Queue(REPORTS, { connection });
await reports.upsertJobScheduler('nightly', { pattern: '0 3 * * *' }, { name: 'nightly', data: { kind: 'summary' } });

const worker = new Worker(
  REPORTS,
  ({ name, data: { kind, work } }) =>
    name === 'nightly'
      ? withActor({ id: 'nightly', type: 'service' }, () => makeReport(kind))
      : withWork(work, () => makeReport(kind)),
  { connection },
);
worker.on('completed', ({ id }) => console.log(`made ${id}`));

async function makeReport(kind) {
  const { id } = await Report.create({ kind });
  audit({ action: 'export', model: 'Report', instanceId: id, extra: { format: 'pdf' } });
}
