import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { otlpSpans } from '../support/otlp-spans.ts';
import { type Span, spanTrees } from '../support/span-trees.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { requestRecords, runTraced, tracedProject } from '../support/traced-application.ts';

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

for (const [name, dependencies, versions] of SETS) {
  for (const version of versions) {
    describe(`beside the instrumentations of OpenTelemetry's ${name} on Node ${version}`, () => {
      it('their spans are what they are without us, and each record is of one of them', async (t) => {
        const project = await tracedProject(dependencies);
        const directory = temporaryFolder(t);
        const args = ['application.mjs', './opentelemetry.mjs'];
        const [alone, audited] = [
          await traced(project, version, args),
          await traced(project, version, args, { DIRECTORY: directory }),
        ];
        assert.deepEqual(audited.told, alone.told);
        assert.deepEqual(audited.trees, alone.trees);
        assert.deepEqual(spansOfRecords(directory), spansOfExchanges(audited.spans));
      });

      it('that register starts, their spans are what they are in an SDK of the application, and each has its record', async (t) => {
        const project = await tracedProject(dependencies);
        const directory = temporaryFolder(t);
        const [own, registered] = [
          await traced(project, version, ['application.mjs', './opentelemetry.mjs'], { WITHOUT_UNDICI: 'true' }),
          await traced(project, version, ['--import', 'activity-audit/register', 'application.mjs'], {
            ACTIVITY_AUDIT_DIRECTORY: directory,
            ACTIVITY_AUDIT_CONSOLE: 'false',
            OTEL_LOGS_EXPORTER: 'otlp',
            OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '1',
          }),
        ];
        assert.deepEqual(registered.told, own.told);
        assert.deepEqual(registered.trees, own.trees);
        const recorded = new Set(spansOfRecords(directory));
        const unrecorded = spansOfExchanges(registered.spans).filter((span) => !recorded.has(span));
        assert.deepEqual(unrecorded, []);
        const records = requestRecords(directory);
        for (const { record_id } of records) assert.ok(registered.logs.some((batch) => batch.includes(record_id)));
        for (const batch of registered.logs) assert.equal(batch.match(/"audit\.record\.id"/g)?.length, 1);
      });
    });
  }
}

async function traced(
  project: string,
  version: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<{ told: unknown; spans: Span[]; trees: string[]; logs: string[] }> {
  const env = (url: string): NodeJS.ProcessEnv => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    ...more,
  });
  const { told, ports, collector } = await runTraced({ project, version, args, env });
  const spans = otlpSpans(collector.received('/v1/traces'));
  return { told, spans, trees: spanTrees(spans, ports), logs: collector.received('/v1/logs').map(String) };
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
    .map(({ request_type, trace_id, span_id, request_repr: { path, endpoint } }) => {
      const kind = request_type === 'internal' ? 'server' : 'client';
      return `${kind} ${trace_id} ${span_id} ${path ?? endpoint}`;
    })
    .toSorted();
}
