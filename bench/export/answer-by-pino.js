import pino from 'pino';

import { answer } from './answer.js';
import { CHANGE_MESSAGE, EXCHANGE_MESSAGE, changeContent, exchangeContent } from './content.js';
import { REDACTED_PATHS } from './redaction.js';

/** Answers by a pino that redacts and writes to `destination`. */
export function answerByPino(destination) {
  const logger = pino({ redact: REDACTED_PATHS, base: { service_name: 'review_board' } }, destination);
  const api = () => logger.info(exchangeContent(), EXCHANGE_MESSAGE);
  const crud = () => logger.info(changeContent(), CHANGE_MESSAGE);
  const flush = () => new Promise((resolve, reject) => logger.flush((error) => (error ? reject(error) : resolve())));
  answer({ api, crud }, flush);
}
