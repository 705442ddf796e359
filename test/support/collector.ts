import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Span } from './span-trees.ts';

/** An OpenTelemetry Collector as far as a client can tell: it takes everything in JSON, and remembers it. */
export interface Collector {
  readonly url: string;
  /** All bodies that came for a path. */
  received(path: string): string;
  spans(): Span[];
  close(): void;
}

/** Starts a {@link Collector} on a free port of this machine. */
export async function collect(): Promise<Collector> {
  const bodies: { readonly path: string; readonly body: string }[] = [];
  const server = http.createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      bodies.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString() });
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const of = (path: string): string[] => bodies.filter((one) => one.path === path).map(({ body }) => body);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: (path) => of(path).join('\n'),
    spans: () => of('/v1/traces').flatMap((body) => spansIn(JSON.parse(body) as OtlpTraces)),
    close: () => server.close(),
  };
}

interface OtlpTraces {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: object;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: object;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly OtlpAttribute[] }[];
  readonly links: readonly unknown[];
}

const KINDS = ['unspecified', 'internal', 'server', 'client'];

function spansIn({ resourceSpans }: OtlpTraces): Span[] {
  const all = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  return all.map(({ traceId, spanId, parentSpanId, name, kind, status, attributes, events, links }) => ({
    traceId,
    spanId,
    parentId: parentSpanId,
    kind: KINDS[kind] ?? 'other',
    name,
    attributes: record(attributes),
    more: { status, links: links.length, events: events.map((one) => [one.name, record(one.attributes)]) },
  }));
}

function record(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
