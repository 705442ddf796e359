/** The application's own log, by way of OpenTelemetry's Logs API. */
import { SeverityNumber, logs } from '@opentelemetry/api-logs';

const logger = logs.getLogger('blog');

/**
 * The log of one file.
 *
 * @param {string} file
 */
export function logOf(file) {
  const log = (level, body, attributes) =>
    logger.emit({
      severityNumber: SeverityNumber[level],
      severityText: level,
      body,
      attributes: { 'code.file.path': file, ...attributes },
    });
  return {
    info: (message, attributes) => log('INFO', message, attributes),
    warn: (message, attributes) => log('WARN', message, attributes),
    error: (message, { name, stack }) =>
      log('ERROR', message, { 'exception.type': name, 'exception.stacktrace': stack }),
  };
}
