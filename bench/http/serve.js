import { once } from 'node:events';
import { createRequire } from 'node:module';

import { cpuMicros, residentMegabytes } from '../support/usage.cjs';
import { CONFIRMATION, PATH } from './exchange.js';

/** Not by `import`: OpenTelemetry's instrumentations would need a loader's thread to see it. */
const express = createRequire(import.meta.url)('express');

const USER = { id: '14ab1197-ebdd-4300-a618-5910e0219936', title: 'mr', email: 'example@email.com' };

/**
 * Serves an Express application that takes an order and confirms it. Tells its parent the port, and whenever it
 * is asked, what CPU it has used and what memory it holds.
 *
 * @param {import('express').RequestHandler[]} middleware finds the request parsed and its user known
 */
export async function serve(...middleware) {
  const app = express();
  app.use(express.json(), authenticate, ...middleware);
  app.post(PATH, (_request, response) => {
    response.json(CONFIRMATION);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', () => process.send({ cpu: cpuMicros(), memory: residentMegabytes() }));
  process.on('disconnect', () => process.exit());
  process.send(server.address().port);
}

function authenticate(request, _response, next) {
  request.user = USER;
  next();
}
