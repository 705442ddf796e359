import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';

import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { inContext } from '../support/context-manager.ts';
import { outgoingTo } from '../support/outgoing-records.ts';
import { deadUrl, peer } from '../support/peer.ts';
import { send, serve } from '../support/server.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const ACTIVE: SpanContext = { traceId: TRACE, spanId: 'b7ad6b7169203331', traceFlags: 1 };
const OTHER_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SENT = '00f067aa0ba902b7';

const sending = (traceId: string): RequestInit => ({ headers: { traceparent: `00-${traceId}-${SENT}-01` } });

describe('the span of an exchange that goes out', () => {
  let audit: AuditObserver;
  let server: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    audit = observeAudit();
    server = await serve(peer);
  });
  beforeEach(() => audit.clear());
  after(async () => {
    audit.stop();
    await server.close();
  });

  async function idsOf(path: string): Promise<(string | undefined)[]> {
    const { trace_id, span_id } = await outgoingTo(audit, path);
    return [trace_id, span_id];
  }

  it('is the one that it names to its peer, where there is no other', async () => {
    await fetch(`${server.url}/204`, sending(TRACE));
    assert.deepEqual(await idsOf('/204'), [TRACE, SENT]);
  });

  it('is that also where the peer can not be reached', async () => {
    await fetch(`${await deadUrl()}/dead`, sending(TRACE)).catch(() => undefined);
    assert.deepEqual(await idsOf('/dead'), [TRACE, SENT]);
  });

  it('is that instead of the active one, in the same trace', async () => {
    await inContext(trace.setSpanContext(ROOT_CONTEXT, ACTIVE), () => fetch(`${server.url}/204`, sending(TRACE)));
    assert.deepEqual(await idsOf('/204'), [TRACE, SENT]);
  });

  it('is the active one, where another trace is named to the peer', async () => {
    await inContext(trace.setSpanContext(ROOT_CONTEXT, ACTIVE), () => fetch(`${server.url}/204`, sending(OTHER_TRACE)));
    assert.deepEqual(await idsOf('/204'), [TRACE, ACTIVE.spanId]);
  });

  it('is the active one, where the span of the caller is passed on', async (t) => {
    const gateway = await serve((request, response) => {
      const { traceparent } = request.headers;
      void inContext(trace.setSpanContext(ROOT_CONTEXT, ACTIVE), async () => {
        await fetch(`${server.url}/204`, { headers: { traceparent: String(traceparent) } });
        response.end();
      });
    });
    t.after(() => gateway.close());
    await send(gateway.port, { path: '/gateway', headers: { traceparent: `00-${TRACE}-${SENT}-01` } });
    assert.deepEqual(await idsOf('/204'), [TRACE, ACTIVE.spanId]);
  });
});

describe('the span of an exchange that comes in', () => {
  it('is the one of this process in which a tracer listens for the end of the response, and not one in that', async (t) => {
    const audit = observeAudit();
    t.after(() => audit.stop());
    const caller: SpanContext = { ...ACTIVE, spanId: 'aaaaaaaaaaaaaaaa', isRemote: true };
    const inner: SpanContext = { ...ACTIVE, spanId: SENT };
    const server = await serve((_request, response) => {
      void inContext(
        trace.setSpanContext(ROOT_CONTEXT, caller),
        async () => void response.on('close', () => undefined),
      );
      void inContext(trace.setSpanContext(ROOT_CONTEXT, ACTIVE), async () => {
        response.on('close', () => undefined);
        await inContext(trace.setSpanContext(ROOT_CONTEXT, inner), async () => response.end());
      });
    });
    t.after(() => server.close());
    await send(server.port, { path: '/' });
    const isIncoming = (record: object): boolean => 'request_type' in record && record.request_type === 'internal';
    const { trace_id, span_id } = await audit.waitFor(isIncoming);
    assert.deepEqual([trace_id, span_id], [TRACE, ACTIVE.spanId]);
  });
});
