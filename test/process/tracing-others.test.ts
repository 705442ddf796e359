import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { before, describe, it } from 'node:test';

import { datadogSpans } from '../support/datadog-spans.ts';
import { type SentryItem, sentrySpans } from '../support/sentry-spans.ts';
import { type Span, spanTrees } from '../support/span-trees.ts';
import {
  type RequestRecord,
  type Traced,
  requestRecords,
  runTraced,
  tracedProject,
} from '../support/traced-application.ts';

interface Tracer {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly version: string;
  readonly module: string;
  env(url: string): NodeJS.ProcessEnv;
  spans(traced: Traced, project: string): Span[];
  /** The requests whose span is not sent, or is not known before there is an answer, which never comes. */
  readonly unknown: readonly string[];
}

const sentry = {
  module: './sentry.mjs',
  env: (url: string) => ({ SENTRY_URL: `${url.replace('//', '//key@')}/1` }),
  spans: ({ spans }: Traced) => sentrySpans(spans as SentryItem[]),
};

const datadog = {
  module: './datadog.mjs',
  env: (url: string) => ({ DD_TRACE_AGENT_URL: url }),
  unknown: ['/silent'],
  spans: ({ collector }: Traced, project: string) => datadogSpans(collector.received('/v0.4/traces'), project),
};

const NOT_FOUND = ['/nothing', '/peer/missing'];
const msgpack = { '@msgpack/msgpack': '3.1.3' };

const TRACERS: readonly Tracer[] = [
  { name: 'Sentry 10', dependencies: { '@sentry/node': '10.78.0' }, version: '20.20.2', unknown: NOT_FOUND, ...sentry },
  { name: 'Sentry 11', dependencies: { '@sentry/node': '11.12.0' }, version: '24.21.0', unknown: [], ...sentry },
  { name: 'dd-trace 5', dependencies: { 'dd-trace': '5.132.0', ...msgpack }, version: '20.20.2', ...datadog },
  { name: 'dd-trace 6', dependencies: { 'dd-trace': '6.21.0', ...msgpack }, version: '24.21.0', ...datadog },
];

const APPLICATIONS = [
  ['HTTP/1', 'application.mjs'],
  ['HTTP/2', 'application-http2.mjs'],
] as const;

const US = ['--import', 'activity-audit/register'];

for (const tracer of TRACERS) {
  const { name, version, module, dependencies } = tracer;
  const THEM = ['--import', module];

  describe(`beside ${name} on Node ${version}`, () => {
    let project: string;
    before(async () => {
      project = await tracedProject(dependencies);
    });

    for (const [over, application] of APPLICATIONS) {
      it(`and over ${over}, its spans and our records are what they are alone, whichever is loaded first`, async () => {
        const run = (...args: string[]): Promise<Seen> => traced(tracer, project, args);
        const they = await run(...THEM, application, module);
        const we = await run(...US, application);
        for (const imports of [
          [...THEM, ...US],
          [...US, ...THEM],
        ]) {
          const both = await run(...imports, application, module);
          assert.deepEqual(both.told, they.told);
          assert.deepEqual(both.trees, they.trees);
          assert.deepEqual(both.exchanges, we.exchanges);
        }
      });
    }

    it('under the API of OpenTelemetry, our records carry its ids', async () => {
      const args = [...THEM, ...US, 'application.mjs', module];
      const { spans, records } = await traced(tracer, project, args, { WITH_OPENTELEMETRY: 'true' });
      const served = records.filter(({ request_type }) => request_type === 'internal');
      assert.equal(served.length, 14);
      for (const { trace_id, span_id, request_repr } of served) {
        const span = spans.find(({ spanId, traceId }) => spanId === span_id && traceId === trace_id);
        const { path: target = '' } = request_repr;
        if (!tracer.unknown.includes(target)) assert.ok(isBelowServer(span, target, spans), target);
      }
    });
  });
}

/** Whether a span is that of the request with a path, or one in it. */
function isBelowServer(span: Span | undefined, target: string, spans: readonly Span[]): boolean {
  if (!span) return false;
  if (span.kind === 'server') return new RegExp(`${target}["?]`).test(JSON.stringify(span.attributes));
  const parent = spans.find(({ spanId }) => spanId === span.parentId);
  return isBelowServer(parent, target, spans);
}

interface Seen {
  readonly told: unknown;
  readonly spans: readonly Span[];
  readonly trees: readonly string[];
  readonly records: readonly RequestRecord[];
  readonly exchanges: readonly string[];
}

async function traced(
  tracer: Tracer,
  project: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Seen> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'activity-audit-'));
  const env = (url: string): NodeJS.ProcessEnv => ({
    ACTIVITY_AUDIT_DIRECTORY: directory,
    ACTIVITY_AUDIT_CONSOLE: 'false',
    ...tracer.env(url),
    ...more,
  });
  const result = await runTraced({ project, version: tracer.version, args, env });
  const records = requestRecords(directory);
  await rm(directory, { recursive: true });
  const spans = tracer.spans(result, project);
  return {
    told: result.told,
    spans,
    trees: spanTrees(spans, result.ports),
    records,
    exchanges: records.map(factsOf).toSorted(),
  };
}

function factsOf({ request_type, request_repr, response_repr, ...rest }: RequestRecord): string {
  const url = request_repr.path ?? request_repr.endpoint;
  const { request_size, response_size, error_message } = rest;
  const facts = [request_type, url, response_repr.status_code, request_size, response_size, error_message];
  return JSON.stringify(facts).replaceAll(/127\.0\.0\.1:\d+/g, 'host');
}
