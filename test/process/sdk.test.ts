import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';

import { installed, nodeBinary } from '../support/install.ts';
import { packed } from '../support/package.ts';
import { readIncoming, readRecords, runProcess } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const DATABASE = { sequelize: '6.37.8', 'node-sqlite3-wasm': '0.8.60' };

const SDK_2 = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/api-logs': '0.223.0',
  '@opentelemetry/instrumentation-http': '0.223.0',
  '@opentelemetry/sdk-logs': '0.223.0',
  '@opentelemetry/sdk-metrics': '2.12.0',
  '@opentelemetry/sdk-node': '0.223.0',
};

const SETS: readonly [name: string, dependencies: Record<string, string>, versions: readonly string[]][] = [
  ['SDK 2.x with one copy of api-logs', SDK_2, ['20.20.2', '24.21.0']],
  [
    'SDK 2.x with several copies of api-logs',
    { ...SDK_2, '@opentelemetry/api-logs': '0.223.1', '@opentelemetry/sdk-logs': '0.223.1' },
    ['20.20.2', '24.21.0'],
  ],
  [
    'SDK 3.x',
    {
      '@opentelemetry/api': '1.10.0',
      '@opentelemetry/instrumentation-http': '0.301.0',
      '@opentelemetry/sdk-metrics': '3.1.0',
      '@opentelemetry/sdk-node': '0.301.0',
    },
    ['22.23.3', '24.21.0'],
  ],
];

describe('in the NodeSDK of an application', () => {
  for (const [name, dependencies, versions] of SETS) {
    for (const version of versions) {
      it(`of ${name} on Node ${version}, records reach the files, with the ids of its spans, and a count its metrics`, async (t) => {
        const project = await installed({ ...dependencies, ...DATABASE, 'activity-audit': await packed() });
        const application = path.join(project, 'application.mjs');
        await copyFile('test/fixtures/sdk/application.mjs', application);
        await copyFile('examples/sqlite.js', path.join(project, 'sqlite.js'));

        const directory = temporaryFolder(t);
        const { code, stdout, stderr } = await runProcess(await nodeBinary(version), [application, directory]);
        assert.equal(code, 0, stderr);

        const { counted, ...span } = JSON.parse(stdout) as {
          traceId: string;
          spanId: string;
          counted: { name: string }[];
        };
        const [request] = readIncoming(directory);
        const change = readRecords(directory, 'audit').find((record) => record['event_type'] === 'CREATE');
        const own = readRecords(directory, 'audit').find((record) => record['event_type'] === 'PUBLISH');
        const [logged] = readRecords(directory, 'app');
        assert.equal(request?.['trace_id'], span.traceId);
        assert.equal(request?.['span_id'], span.spanId);
        assert.equal(request?.['service_name'], 'own-sdk');
        assert.equal(change?.['trace_id'], span.traceId);
        assert.equal(change?.['request_id'], request?.['request_id']);
        assert.equal(own?.['trace_id'], span.traceId);
        assert.equal(own?.['request_id'], request?.['request_id']);
        assert.equal(own?.['service_name'], 'own-sdk');
        assert.equal(logged?.['message'], 'stock is low');
        assert.equal(logged?.['level'], 'WARN');
        const [statements, records] = ['audit.sql.statements', 'audit.export.records'].map((metric) =>
          counted.find((found) => found.name === metric),
        );
        assert.deepEqual(
          [statements, records],
          [
            {
              name: 'audit.sql.statements',
              unit: '{statement}',
              points: [
                { value: 1, 'audit.sql.coverage': 'explained' },
                { value: 1, 'audit.sql.coverage': 'unexplained' },
                { value: 0, 'audit.sql.coverage': 'left_out' },
              ],
            },
            {
              name: 'audit.export.records',
              unit: '{record}',
              points: (['audit', 'api', 'app'] as const).map((stream) => ({
                value: readRecords(directory, stream).length,
                'audit.stream': stream,
              })),
            },
          ],
        );
      });
    }
  }
});

describe('under register, an application', () => {
  it('that logs through @opentelemetry/api 1.10 finds its records in app.log, and can register what else it has', async (t) => {
    const project = await installed({ '@opentelemetry/api': '1.10.0', 'activity-audit': await packed() });
    await copyFile('test/fixtures/sdk/logs-api.mjs', path.join(project, 'logs-api.mjs'));
    const directory = temporaryFolder(t);
    const { stdout, stderr } = await runProcess(
      await nodeBinary('24.21.0'),
      ['--import', 'activity-audit/register', 'logs-api.mjs'],
      { cwd: project, env: { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' } },
    );
    assert.deepEqual({ stdout, stderr }, { stdout: 'true\n', stderr: '' });
    assert.deepEqual(
      readRecords(directory, 'app').map((record) => [record['name'], record['message']]),
      [
        ['shop', 'through the api'],
        ['console', 'true'],
      ],
    );
  });
});
