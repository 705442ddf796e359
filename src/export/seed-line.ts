import { attachedEvent } from '../event/attached-event.ts';
import { type LineFormat, type LineOptions, UNREADABLE_RECORD } from './line-format.ts';
import { lineOf } from './line.ts';
import { processSuffix } from './process-suffix.ts';
import { STREAMS, type Stream } from './stream.ts';

/** The keys of the original system, and ours: `lineOf`. */
export function seedLines({ redactor, processFields, streamField }: LineOptions): LineFormat {
  const unreadable = `${JSON.stringify({ level: 'ERROR', name: 'activity-audit', message: UNREADABLE_RECORD })}\n`;
  if (!processFields && !streamField)
    return { line: (record) => lineOf(attachedEvent(record, redactor)), unreadable: () => unreadable };

  const processEnd = processFields ? processSuffix() : LINE_END;
  const ends = new Map(STREAMS.map((stream) => [stream, streamField ? withStream(processEnd, stream) : processEnd]));
  const ended = (line: string, stream: Stream): string => line.slice(0, -LINE_END.length) + ends.get(stream);
  return {
    line: (record, stream) => ended(lineOf(attachedEvent(record, redactor)), stream),
    unreadable: (stream) => ended(unreadable, stream),
  };
}

const LINE_END = '}\n';

function withStream(end: string, stream: Stream): string {
  return `${end.slice(0, -LINE_END.length)},"stream":"${stream}"${LINE_END}`;
}
