import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { logs } from '@opentelemetry/api-logs';

import { sqlite } from '../examples/sqlite.js';
import { type AuditObserver, observeAudit } from '../src/testing.ts';
import { send, serve } from './support/server.ts';

let audit: AuditObserver;
afterEach(() => audit.stop());

describe('observeAudit', () => {
  it('gives the records of requests, of models loaded after it, and of the Logs API, in their order', async (t) => {
    audit = observeAudit();
    const { DataTypes, Sequelize } = await import('sequelize');
    const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false });
    const Note = sequelize.define('Note', { title: DataTypes.STRING });
    await sequelize.sync();
    const server = await serve((_request, response) => {
      void Note.create({ title: 'x' }).then(() => {
        logs.getLogger('shop').emit({ body: 'created' });
        response.end();
      });
    });
    t.after(() => server.close());

    await send(server.port, { method: 'POST', path: '/notes', headers: { 'X-Request-Id': 'r1' } });
    await audit.waitFor((record) => record.message === 'Audit Internal Request');
    await audit.waitFor((record) => record.message === 'Audit External Service');

    assert.deepEqual(
      audit.records.map(({ level, message, request_id }) => [level, message, request_id]),
      [
        ['AUDIT', 'CREATE event for Note (id: 1)', 'r1'],
        ['INFO', 'created', 'r1'],
        ['API', 'Audit Internal Request', 'r1'],
        ['API', 'Audit External Service', undefined],
      ],
    );
    assert.deepEqual([audit.models.length, audit.app.length, audit.requests.length, audit.logins.length], [1, 1, 2, 0]);
    audit.clear();
    assert.deepEqual(audit.records, []);
  });

  it('says what there was when no record comes in time', async () => {
    audit = observeAudit();
    await assert.rejects(
      audit.waitFor(() => false, 5),
      /no such record within 5 ms; there were: none/,
    );
  });

  it('sees what is emitted for an SDK that records already', async (t) => {
    audit = observeAudit();
    const other = observeAudit();
    t.after(() => other.stop());
    const server = await serve((_request, response) => response.end());
    t.after(() => server.close());
    await send(server.port, { path: '/' });
    await audit.waitFor((record) => record.name === 'audit.request');
    await other.waitFor((record) => record.name === 'audit.request');
  });

  it('gives the Logs API back when it stops', () => {
    audit = observeAudit();
    audit.stop();
    logs.getLogger('shop').emit({ body: 'unseen' });
    assert.deepEqual(audit.app, []);
  });
});
