import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { DatabaseServer } from '../support/database-server.ts';
import { startMariadb } from '../support/mariadb.ts';
import { otlpSpans } from '../support/otlp-spans.ts';
import { startPostgres } from '../support/postgres.ts';
import { readRecords } from '../support/run.ts';
import { spanTrees } from '../support/span-trees.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runTraced, tracedProject } from '../support/traced-application.ts';

const APPLICATION = { mysql2: '3.24.6', pg: '8.23.1', sequelize: '6.37.8' };

const SETS: readonly [name: string, version: string, dependencies: Record<string, string>][] = [
  [
    'SDK 2.x',
    '20.20.2',
    {
      '@opentelemetry/api': '1.9.1',
      '@opentelemetry/exporter-trace-otlp-http': '0.223.0',
      '@opentelemetry/instrumentation-http': '0.223.0',
      '@opentelemetry/instrumentation-mysql2': '0.69.0',
      '@opentelemetry/instrumentation-pg': '0.76.0',
      '@opentelemetry/instrumentation-sequelize': '0.15.0',
      '@opentelemetry/sdk-node': '0.223.0',
    },
  ],
  [
    'SDK 3.x',
    '24.21.0',
    {
      '@opentelemetry/api': '1.10.0',
      '@opentelemetry/exporter-trace-otlp-http': '0.301.0',
      '@opentelemetry/instrumentation-http': '0.301.0',
      '@opentelemetry/instrumentation-mysql2': '0.70.0',
      '@opentelemetry/instrumentation-pg': '0.77.0',
      '@opentelemetry/instrumentation-sequelize': '0.15.0',
      '@opentelemetry/sdk-node': '0.301.0',
    },
  ],
];

const US = ['--import', 'activity-audit/register'];
const MODULE = './opentelemetry-databases.mjs';
const THEM = ['--import', MODULE];

describe("beside OpenTelemetry's instrumentations of Sequelize, pg and mysql2", () => {
  let servers: DatabaseServer[];
  before(async () => {
    servers = await Promise.all([startPostgres(), startMariadb('mysql')]);
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  for (const [name, version, dependencies] of SETS) {
    it(`of ${name} on Node ${version}, their spans and our records are what they are alone, whichever is loaded first`, async (t) => {
      const project = await tracedProject({ ...APPLICATION, ...dependencies });
      const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Seen> =>
        seen({ project, version, args, directory: temporaryFolder(t), servers, more });
      const they = await run(['databases.mjs', MODULE]);
      const we = await run([...US, 'databases.mjs']);
      assert.deepEqual(they.told, we.told);
      assert.equal(they.trees.filter((text) => text.includes('INSERT INTO')).length, 20);
      assert.equal(we.records.length, 36);
      for (const both of [
        await run([...THEM, ...US, 'databases.mjs', MODULE]),
        await run([...US, ...THEM, 'databases.mjs', MODULE]),
        await run(['databases.mjs', MODULE], { OURS: 'first' }),
        await run(['databases.mjs', MODULE], { OURS: 'last' }),
      ]) {
        assert.deepEqual(both.told, they.told);
        assert.deepEqual(both.trees, they.trees);
        assert.deepEqual(both.records, we.records);
        assert.deepEqual(both.tracesOfRecords, both.tracesOfServers);
        assert.deepEqual(both.spansOfRecords, ['client Sequelize SELECT', 'client Sequelize UPDATE', 'server GET']);
      }
    });
  }
});

interface Seen {
  readonly told: unknown;
  readonly trees: readonly string[];
  /** Those of changes and reads, without what differs between two runs. */
  readonly records: readonly object[];
  readonly tracesOfRecords: readonly string[];
  readonly tracesOfServers: readonly string[];
  /** Kind and name of those that records are of. */
  readonly spansOfRecords: readonly string[];
}

interface Run {
  readonly project: string;
  readonly version: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly servers: readonly DatabaseServer[];
  readonly more: NodeJS.ProcessEnv;
}

async function seen({ project, version, args, directory, servers, more }: Run): Promise<Seen> {
  const databases = servers.map(({ options: { dialectModule: _ours, ...options } }) => options);
  const env = (url: string): NodeJS.ProcessEnv => ({
    DATABASES: JSON.stringify(databases),
    DIRECTORY: directory,
    ACTIVITY_AUDIT_DIRECTORY: directory,
    ACTIVITY_AUDIT_CONSOLE: 'false',
    COLLECTOR: url,
    OTEL_SERVICE_NAME: 'application',
    ...more,
  });
  const { told, ports, collector } = await runTraced({ project, version, args, env });
  const spans = otlpSpans(collector.received('/v1/traces'));
  const records = readRecords(directory, 'audit');
  return {
    told,
    trees: spanTrees(spans, ports),
    records: records.map(withoutIds),
    tracesOfRecords: distinct(records.map(({ trace_id }) => String(trace_id))),
    tracesOfServers: distinct(spans.filter(({ kind }) => kind === 'server').map(({ traceId }) => traceId)),
    spansOfRecords: distinct(
      records.map(({ span_id }) => {
        const { kind, name } = spans.find(({ spanId }) => spanId === span_id) ?? {};
        return `${kind} ${name}`;
      }),
    ),
  };
}

const OF_THIS_RUN = new Set(['timestamp', 'record_id', 'request_id', 'transaction_id', 'trace_id', 'span_id']);

function withoutIds(record: Record<string, unknown>): object {
  const same = Object.entries(record).filter(([name]) => !OF_THIS_RUN.has(name));
  return { ...Object.fromEntries(same), isInTransaction: 'transaction_id' in record };
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}
