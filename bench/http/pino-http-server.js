/**
 * The application with what a user would pick instead: pino-http, told to log bodies and users, and to redact. It takes
 * what it says of a request when it is called, so it comes after the body was parsed.
 */
import { createRequire } from 'node:module';

import { serve } from './serve.js';

const require = createRequire(process.env.PEERS);
const pino = require('pino');
const pinoHttp = require('pino-http');

const REDACT = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.body.account.password',
  'res.headers["set-cookie"]',
  'res.body.access_token',
];

const log = pinoHttp(
  {
    redact: REDACT,
    serializers: {
      req: (request) => ({ ...request, user: request.raw.user, body: request.raw.body }),
      res: (response) => ({ ...response, body: response.raw.body }),
    },
  },
  pino.destination({ dest: process.env.LOG_FILE, sync: false, minLength: 4096 }),
);

await serve(log, keepBody);

/** pino-http doesn't see the body of a response, so that it has to be kept where the application gives it. */
function keepBody(_request, response, next) {
  const { json } = response;
  response.json = (body) => {
    response.body = body;
    return json.call(response, body);
  };
  next();
}
