import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';

import { collect } from '../support/collector.ts';
import { installed, nodeBinary } from '../support/install.ts';
import { packed } from '../support/package.ts';
import { readRecords, runProcess } from '../support/run.ts';
import { type Span, spanTrees } from '../support/span-trees.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SETS: readonly [name: string, dependencies: Record<string, string>, versions: readonly string[]][] = [
  [
    'SDK 2.x',
    {
      '@opentelemetry/api': '1.9.1',
      '@opentelemetry/instrumentation-express': '0.71.1',
      '@opentelemetry/instrumentation-http': '0.223.0',
      '@opentelemetry/instrumentation-undici': '0.33.0',
      '@opentelemetry/sdk-node': '0.223.0',
    },
    ['20.20.2', '24.21.0'],
  ],
  [
    'SDK 3.x',
    {
      '@opentelemetry/api': '1.10.0',
      '@opentelemetry/instrumentation-express': '0.72.0',
      '@opentelemetry/instrumentation-http': '0.301.0',
      '@opentelemetry/instrumentation-undici': '0.34.0',
      '@opentelemetry/sdk-node': '0.301.0',
    },
    ['22.23.3', '24.21.0'],
  ],
];

/** What the application printed. */
interface Printed {
  readonly told: unknown;
  readonly spans: readonly Span[];
  readonly ports: readonly string[];
}

interface RequestRecord {
  readonly request_type: 'internal' | 'external';
  readonly record_id: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly request_repr: { readonly path?: string; readonly endpoint?: string };
}

for (const [name, dependencies, versions] of SETS) {
  for (const version of versions) {
    describe(`beside the instrumentations of OpenTelemetry's ${name} on Node ${version}`, () => {
      it('their spans are what they are without us, and each record is of one of them', async (t) => {
        const project = await tracedProject(dependencies);
        const directory = temporaryFolder(t);
        const [alone, audited] = [
          await traced(t, project, version, ['application.mjs', './opentelemetry.mjs']),
          await traced(t, project, version, ['application.mjs', './opentelemetry.mjs'], { DIRECTORY: directory }),
        ];
        assert.deepEqual(audited.told, alone.told);
        assert.deepEqual(audited.trees, alone.trees);
        assert.deepEqual(spansOfRecords(directory), spansOfExchanges(audited.spans));
      });

      it('that register starts, their spans are what they are in an SDK of the application, and each has its record', async (t) => {
        const project = await tracedProject(dependencies);
        const directory = temporaryFolder(t);
        const register = ['--import', 'activity-audit/register'];
        const env = { ACTIVITY_AUDIT_DIRECTORY: directory, ACTIVITY_AUDIT_CONSOLE: 'false' };
        const [own, registered] = [
          await traced(t, project, version, ['application.mjs', './opentelemetry.mjs'], { WITHOUT_UNDICI: 'true' }),
          await traced(t, project, version, [...register, 'application.mjs'], { ...env, OTEL_LOGS_EXPORTER: 'otlp' }),
        ];
        assert.deepEqual(registered.told, own.told);
        assert.deepEqual(registered.trees, own.trees);
        const recorded = new Set(spansOfRecords(directory));
        assert.deepEqual(
          spansOfExchanges(registered.spans).filter((span) => !recorded.has(span)),
          [],
        );
        for (const { record_id } of requestRecords(directory)) assert.ok(registered.logs.includes(record_id));
      });
    });
  }
}

async function tracedProject(dependencies: Record<string, string>): Promise<string> {
  const project = await installed({ ...dependencies, express: '5.3.0', 'activity-audit': await packed() });
  for (const file of ['application.mjs', 'opentelemetry.mjs']) {
    await copyFile(path.join('test/fixtures/tracing', file), path.join(project, file));
  }
  return project;
}

interface Traced extends Printed {
  readonly trees: readonly string[];
  /** What the Collector got as logs. */
  readonly logs: string;
}

async function traced(
  t: TestContext,
  project: string,
  version: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Traced> {
  const collector = await collect();
  t.after(() => collector.close());
  const { code, stdout, stderr } = await runProcess(await nodeBinary(version), args, {
    cwd: project,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      ...env,
    },
  });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const printed = JSON.parse(stdout) as Printed;
  const spans = collector.spans();
  return { ...printed, spans, trees: spanTrees(spans, printed.ports), logs: collector.received('/v1/logs') };
}

/** Kind, ids and URL of each span that is an exchange. */
function spansOfExchanges(spans: readonly Span[]): string[] {
  return spans
    .filter(({ kind }) => kind === 'server' || kind === 'client')
    .map(({ kind, traceId, spanId, attributes }) => {
      const url = attributes[kind === 'server' ? 'url.path' : 'url.full'];
      return `${kind} ${traceId} ${spanId} ${String(url)}`;
    })
    .toSorted();
}

/** The same of the span that each record names. */
function spansOfRecords(directory: string): string[] {
  return requestRecords(directory)
    .map(({ request_type, trace_id, span_id, request_repr: { path: target, endpoint } }) => {
      const kind = request_type === 'internal' ? 'server' : 'client';
      return `${kind} ${trace_id} ${span_id} ${target ?? endpoint}`;
    })
    .toSorted();
}

function requestRecords(directory: string): RequestRecord[] {
  return readRecords(directory, 'api') as unknown as RequestRecord[];
}
