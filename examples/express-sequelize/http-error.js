import { UniqueConstraintError, ValidationError } from 'sequelize';

import { logOf } from './log.js';

const log = logOf(import.meta.filename);

/** An answer that says what the client can do about it. */
export class HttpError extends Error {
  name = 'HttpError';

  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Middleware: turns what a handler threw into an answer. Express knows it by its four parameters. */
export function answerError(error, request, response, _next) {
  const status = statusOf(error);
  const message = `${request.method} ${request.path} answered ${status}`;
  if (status >= 500) log.error(message, error);
  else log.warn(message, { reason: error.message });
  response.status(status).json({ error: status >= 500 ? 'Something went wrong' : error.message });
}

function statusOf(error) {
  if (error instanceof UniqueConstraintError) return 409;
  if (error instanceof ValidationError) return 422;
  return error.status ?? 500;
}
