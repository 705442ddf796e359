import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { logs } from '@opentelemetry/api-logs';
import { DataTypes } from 'sequelize';

import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { setActor } from '../../src/context/actor.ts';
import { currentOrigin } from '../../src/context/origin.ts';
import { createRedactor } from '../../src/event/redact.ts';
import { fromLogRecord } from '../../src/event/from-log-record.ts';
import { toLogRecord } from '../../src/event/to-log-record.ts';
import { type AuditObserver, type RequestEvent, observeAudit } from '../../src/testing.ts';
import { newDatabase } from '../support/sequelize-records.ts';

/** An administrator who uses the application as somebody else does. */
const ADMIN = { id: 'admin', onBehalfOf: { id: 7, email: 'ann@example.com' } };
const SHOWN = { id: '7', type: 'user', user_info: { email: 'ann@example.com' } };

describe('the records of one who acts for another', () => {
  let observer: AuditObserver;
  let request: RequestEvent;
  before(async () => {
    logs.disable();
    observer = observeAudit({ responseHook: () => ({ 'audit.actor.on_behalf_of': 'forged', tenant: 1 }) });
    const sequelize = auditSequelize(newDatabase());
    const Note = sequelize.define('Note', { text: DataTypes.STRING });
    await sequelize.sync();
    const server = http.createServer((_request, response) => {
      setActor(ADMIN);
      logs.getLogger('shop').emit({ body: 'logged' });
      void Note.create({ text: 'first' }).finally(() => response.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await (await fetch(`http://127.0.0.1:${port}/notes`, { method: 'POST' })).text();
    request = await observer.waitFor<RequestEvent>((record) => record.message === 'Audit Internal Request');
    server.closeAllConnections();
    server.close();
    await sequelize.close();
  });
  after(() => observer.stop());

  it('name both: who did it, and for whom', () => {
    const [change] = observer.models;
    const [logged] = observer.app;
    assert.deepEqual([change?.actor_id, change?.user_id, change?.extra], ['admin', 'admin', { on_behalf_of: SHOWN }]);
    assert.deepEqual(logged?.attributes, { 'audit.actor.on_behalf_of': SHOWN });
    assert.deepEqual(
      [request.actor_id, request.attributes],
      ['admin', { 'audit.actor.on_behalf_of': SHOWN, tenant: 1 }],
    );
  });

  it('say so in LogRecords, too', () => {
    const { attributes } = toLogRecord(request, currentOrigin());
    assert.deepEqual(JSON.parse(String(attributes?.['audit.actor.on_behalf_of'])), SHOWN);
    const [change] = observer.models;
    const record = toLogRecord(change!, currentOrigin());
    const read = fromLogRecord(
      {
        ...record,
        hrTime: [0, 0],
        attributes: record.attributes ?? {},
        resource: { attributes: {} },
        instrumentationScope: { name: 'x' },
      },
      createRedactor(),
    );
    assert.deepEqual((read as { extra?: unknown }).extra, { on_behalf_of: SHOWN });
  });
});
