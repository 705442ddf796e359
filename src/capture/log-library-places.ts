import { CODE_FILE_PATH, CODE_FUNCTION_NAME, CODE_LINE_NUMBER } from '../event/attributes.ts';
import type { LogRecordLike } from '../event/from-log-record.ts';
import { guard } from '../event/guard.ts';
import { logLibraryOf } from '../event/log-libraries.ts';
import { callSiteBeyond } from './call-site.ts';

interface WritableLogRecord extends LogRecordLike {
  setAttribute?(name: string, value: string | number): unknown;
}

/**
 * A LogRecordProcessor, to be the first: puts on records of pino, winston and bunyan where in the application they were
 * made, which is still on the stack.
 */
export class LogLibraryPlaces {
  onEmit(record: WritableLogRecord): void {
    if (logLibraryOf(record) === undefined || record.attributes[CODE_FILE_PATH] !== undefined) return;
    guard('finding a caller', () => {
      const place = callSiteBeyond(isLibrarys);
      if (!place) return;
      record.setAttribute?.(CODE_FILE_PATH, place.path);
      record.setAttribute?.(CODE_LINE_NUMBER, place.line);
      if (place.function !== '') record.setAttribute?.(CODE_FUNCTION_NAME, place.function);
    });
  }

  async forceFlush(): Promise<void> {
    // Nothing is held here.
  }

  async shutdown(): Promise<void> {
    // Nor is anything open.
  }
}

/** OpenTelemetry's, the libraries', those of the streams that they use, and ours. */
const LIBRARY =
  /[\\/]node_modules[\\/](?:@opentelemetry|pino|winston|bunyan|winston-transport|logform|readable-stream|sonic-boom|thread-stream)[\\/]/;

function isLibrarys(file: string): boolean {
  return LIBRARY.test(file) || file === import.meta.url;
}
