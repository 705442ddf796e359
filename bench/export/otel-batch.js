/** Through OpenTelemetry's BatchLogRecordProcessor, as its documentation sets it up, to an exporter that does the least. */
import { appendFile } from 'node:fs';

import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';

import { answer } from './answer.js';
import { CHANGE_MESSAGE, EXCHANGE_MESSAGE, changeContent, exchangeContent } from './content.js';
import { withoutSecrets } from './redaction.js';

const exporter = {
  export(records, done) {
    const lines = records.map((record) => `${JSON.stringify(lineOf(record))}\n`);
    appendFile(process.env.LOG_FILE, lines.join(''), (error) =>
      done({ code: error ? 1 : 0, error: error ?? undefined }),
    );
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};
const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
const logger = provider.getLogger('bench');

const api = () => log(EXCHANGE_MESSAGE, exchangeContent());
const crud = () => log(CHANGE_MESSAGE, changeContent());
answer({ api, crud }, () => provider.forceFlush());

function log(body, content) {
  logger.emit({
    timestamp: Date.now(),
    eventName: content.name,
    severityNumber: 9,
    severityText: 'INFO',
    body,
    attributes: withoutSecrets(content),
  });
}

function lineOf({ hrTime: [seconds, nanoseconds], severityText, body, attributes }) {
  return {
    level: severityText,
    time: seconds * 1000 + nanoseconds / 1e6,
    service_name: 'review_board',
    ...attributes,
    msg: body,
  };
}
