/**
 * The application with express-winston, told to log bodies, headers and users, and to redact by its filters: it has no
 * list of paths. It sees the body of a response as text, and parses it.
 */
import { createRequire } from 'node:module';

import { serve } from './serve.js';

const require = createRequire(process.env.PEERS);
const winston = require('winston');
const expressWinston = require('express-winston');

const logger = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [new winston.transports.File({ filename: process.env.LOG_FILE })],
});

const log = expressWinston.logger({
  winstonInstance: logger,
  requestWhitelist: [...expressWinston.requestWhitelist, 'user', 'body'],
  responseWhitelist: [...expressWinston.responseWhitelist, 'headers', 'body'],
  requestFilter,
  responseFilter,
});

await serve(log);

/** Asked for each property of the request, and for each of its body. */
function requestFilter(source, name) {
  if (name === 'headers') return redacted(source.headers, 'authorization', 'cookie');
  if (name === 'account') return redacted(source.account, 'password');
  return source[name];
}

function responseFilter(response, name) {
  if (name === 'headers') return redacted(response.getHeaders(), 'set-cookie');
  if (name === 'body') return redacted(response.body, 'access_token');
  return response[name];
}

/** A copy: what a filter is given belongs to the application. */
function redacted(object, ...secrets) {
  const copy = { ...object };
  for (const name of secrets) if (name in copy) copy[name] = '[Redacted]';
  return copy;
}
