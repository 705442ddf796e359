import type { Redactor } from './event/redact.ts';
import { AuditLogRecordProcessor } from './export/audit-log-record-processor.ts';
import { ConsoleLogRecordExporter } from './export/console-log-record-exporter.ts';
import { FileLogRecordExporter } from './export/file-log-record-exporter.ts';
import { StdoutLogRecordExporter } from './export/stdout-log-record-exporter.ts';
import type { AuditOptions } from './options.ts';

/**
 * Where records go: to files or to stdout, and to people on the console.
 *
 * @throws Error if the directory can't be written, or options don't fit each other or this Node.js
 */
export function exportProcessors(options: AuditOptions, redactor: Redactor): AuditLogRecordProcessor[] {
  const { directory, fileMode, directoryMode, rotation, retention, format, redirect, processFields } = options;
  const { durability, whenUnavailable, maxQueueBytes, maxBlockMs, console = true } = options;
  const lines = { format, processFields, redactor };
  const exporter = redirect
    ? new StdoutLogRecordExporter(lines)
    : new FileLogRecordExporter({ directory, fileMode, directoryMode, rotation, retention, ...lines });
  const policies = { durability, whenUnavailable, maxQueueBytes, maxBlockMs };
  const processor = new AuditLogRecordProcessor({ exporter, redactor, ...policies });
  return redirect || !console ? [processor] : [processor, consoleProcessor(redactor)];
}

/** Where nobody reads the console, nothing of the audit trail is lost. */
function consoleProcessor(redactor: Redactor): AuditLogRecordProcessor {
  const exporter = new ConsoleLogRecordExporter({ redactor });
  return new AuditLogRecordProcessor({ exporter, redactor, isHealth: false });
}
