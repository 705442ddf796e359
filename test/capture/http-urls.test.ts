import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';

import express from 'express';

import { type AuditObserver, type RequestEvent, observeAudit } from '../../src/testing.ts';
import { send, serve } from '../support/server.ts';

/** Hex that is part of no other word. */
const SECRET = 'f00dfacecafe';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.Qk9wc2lnbmF0dXJl';

describe('secrets in the URLs of an exchange', () => {
  let audit: AuditObserver;
  let server: Awaited<ReturnType<typeof serve>>;

  before(async () => {
    audit = observeAudit({ redaction: { urlPaths: ['/reset/:token'] } });
    const router = express.Router().get('/confirm', (_request, response) => response.redirect(`/reset/${SECRET}?a=1`));
    const app = express()
      .use('/reset/:token', router)
      .use(
        '/with/:jwt',
        express.Router().get('/:id', (_request, response) => void response.end()),
      );
    server = await serve(app);
  });
  after(async () => {
    audit.stop();
    await server.close();
  });

  async function recordsOf(path: string, headers = {}): Promise<RequestEvent[]> {
    audit.clear();
    await send(server.port, { path, headers });
    const isOfType = (type: string) => (record: object) => (record as RequestEvent).request_type === type;
    return [await audit.waitFor(isOfType('internal')), await audit.waitFor(isOfType('external'))];
  }

  it('are masked in paths, routes, and headers that hold URLs', async () => {
    const [incoming, outgoing] = await recordsOf(`/reset/${SECRET}/confirm?b=1`, {
      Referer: `https://app.example/%72eset/${SECRET}?filter=%7B%22password%22%3A%22${SECRET}%22%7D`,
      'X-Original-URL': `/api/reset/${SECRET}`,
    });
    assert.ok(incoming && outgoing && 'path' in incoming.request_repr && 'endpoint' in outgoing.request_repr);
    assert.equal(incoming.request_repr.path, '/reset/[REDACTED]/confirm');
    assert.equal(outgoing.request_repr.endpoint, `${server.url}/reset/[REDACTED]/confirm?b=1`);
    assert.equal(incoming.route, '/reset/[REDACTED]/confirm');
    assert.equal(incoming.response_repr.headers['Location'], '/reset/[REDACTED]?a=1');
    assert.equal(
      incoming.request_repr.headers['Referer'],
      'https://app.example/%72eset/[REDACTED]?filter={"password":"[REDACTED]"}',
    );
    assert.equal(incoming.request_repr.headers['X-Original-URL'], '/api/reset/[REDACTED]');
    assert.ok(!JSON.stringify([incoming, outgoing]).includes(SECRET));
  });

  it('are masked in routes by their look, without a pattern', async () => {
    const [incoming] = await recordsOf(`/with/${JWT}/7`);
    assert.equal(incoming?.route, '/with/[REDACTED]/:id');
  });

  it('are masked in an error that quotes the URL', async () => {
    audit.clear();
    const url = `${server.url}/reset/${SECRET}`;
    http
      .get(url)
      .destroy(new Error(`no patience for ${url}`))
      .on('error', () => undefined);
    const { error_message: error } = await audit.waitFor<RequestEvent>(({ name }) => name === 'audit.request');
    assert.equal(error, `Error: no patience for ${server.url}/reset/[REDACTED]`);
  });
});
