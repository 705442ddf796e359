import { createRequire } from 'node:module';
import path from 'node:path';

import type * as Resources from '@opentelemetry/resources';
import type * as SdkLogs from '@opentelemetry/sdk-logs';

import { installed } from './install.ts';

/** An OpenTelemetry SDK of some version, as this version's types have it. */
export interface Sdk {
  readonly logs: Pick<typeof SdkLogs, 'BatchLogRecordProcessor' | 'LoggerProvider'>;
  readonly resources: Pick<typeof Resources, 'resourceFromAttributes'>;
  readonly transformer: {
    readonly JsonLogsSerializer: {
      serializeRequest(records: readonly SdkLogs.ReadableLogRecord[]): Uint8Array;
    };
  };
}

/** What we are tested with, and the newest. */
export const SDKS = {
  'SDK 2.x': async () => sdkIn('.'),
  'SDK 3.x': async () =>
    sdkIn(
      await installed({
        '@opentelemetry/api': '1.10.0',
        '@opentelemetry/otlp-transformer': '0.301.0',
        '@opentelemetry/resources': '3.1.0',
        '@opentelemetry/sdk-logs': '3.1.0',
      }),
    ),
} as const satisfies Readonly<Record<string, () => Promise<Sdk>>>;

function sdkIn(project: string): Sdk {
  const require = createRequire(path.resolve(project, 'package.json'));
  return {
    logs: require('@opentelemetry/sdk-logs') as Sdk['logs'],
    resources: require('@opentelemetry/resources') as Sdk['resources'],
    transformer: require('@opentelemetry/otlp-transformer') as Sdk['transformer'],
  };
}
