/** Takes orders for reports: `POST /reports/sales`. */
import { carriedWork } from 'activity-audit';
import { Queue } from 'bullmq';
import express from 'express';

import { REPORTS, connection } from './queue.js';

const USERS = new Map([
  ['ada', { id: 7, email: 'ada@example.com' }],
  ['bob', { id: 8, email: 'bob@example.com' }],
]);

const reports = new Queue(REPORTS, { connection });
const api = express();

/** Stands for an authentication. */
api.use((request, response, next) => {
  request.user = USERS.get(request.get('authorization')?.replace('Bearer ', ''));
  if (request.user) next();
  else response.sendStatus(401);
});

api.post('/reports/:kind', async ({ params: { kind } }, response) => {
  const { id } = await reports.add('make', { kind, work: carriedWork() });
  response.status(202).json({ job: id });
});

const server = api.listen(process.env.PORT ?? 3000, () => console.log(`http://localhost:${server.address().port}`));
