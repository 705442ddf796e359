/** JSON lines by winston's file transport, redacted by a format. */
import { existsSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import winston from 'winston';

import { answer } from './answer.js';
import { CHANGE_MESSAGE, EXCHANGE_MESSAGE, changeContent, exchangeContent } from './content.js';
import { withoutSecrets } from './redaction.js';

const { combine, timestamp, json } = winston.format;
const filename = process.env.LOG_FILE;
const format = combine(winston.format(redacted)(), timestamp(), json());
const logger = winston.createLogger({
  format,
  defaultMeta: { service_name: 'review_board' },
  transports: [new winston.transports.File({ filename })],
});

const CONTENTS = {
  api: () => [EXCHANGE_MESSAGE, exchangeContent()],
  crud: () => [CHANGE_MESSAGE, changeContent()],
};

answer({ api: () => logger.info(...CONTENTS.api()), crud: () => logger.info(...CONTENTS.crud()) }, flush);

function redacted(info) {
  return Object.assign(info, withoutSecrets(info));
}

/** It doesn't tell when a record is in the file, but lines of a kind are of one length. */
async function flush(kind, records) {
  const bytes = records * lengthOfLine(kind);
  while (!existsSync(filename) || statSync(filename).size < bytes) await setTimeout(1);
}

function lengthOfLine(kind) {
  const [message, content] = CONTENTS[kind]();
  const info = { level: 'info', message, ...logger.defaultMeta, ...content, [Symbol.for('level')]: 'info' };
  return Buffer.byteLength(`${format.transform(info)[Symbol.for('message')]}\n`);
}
