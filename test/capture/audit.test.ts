import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';

import { DataTypes, type Sequelize } from 'sequelize';

import { ApplicationEventsInstrumentation } from '../../src/capture/application-events.ts';
import { type ApplicationEvent, audit } from '../../src/capture/audit.ts';
import { auditSequelize } from '../../src/capture/audit-sequelize.ts';
import { setActor, withActor } from '../../src/context/actor.ts';
import { toLogRecord } from '../../src/event/to-log-record.ts';
import { currentOrigin } from '../../src/context/origin.ts';
import { observeEmitted } from '../../src/event/emit.ts';
import type { ModelEvent } from '../../src/event/event.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { newDatabase } from '../support/sequelize-records.ts';

/** What the application did, as a record tells it, without what every record has. */
function told(record: ModelEvent | undefined): Record<string, unknown> {
  const { model, event_type, instance_id, message, extra, changes, outcome, error_message } = record!;
  return { model, event_type, instance_id, message, extra, changes, outcome, error_message };
}

describe('audit', () => {
  let observer: AuditObserver;
  before(() => {
    observer = observeAudit({ redaction: { names: ['iban'] } });
  });
  after(() => observer.stop());
  afterEach(() => observer.clear());

  it('records what the application did, in the words of a change', () => {
    audit({ action: 'export', model: 'Report', instanceId: 7, extra: { format: 'pdf', rows: 12n } });
    assert.deepEqual(told(observer.models[0]), {
      model: 'Report',
      event_type: 'EXPORT',
      instance_id: '7',
      message: 'EXPORT event for Report (id: 7)',
      extra: { format: 'pdf', rows: '12' },
      changes: undefined,
      outcome: 'success',
      error_message: undefined,
    });
    assert.equal(observer.models[0]?.actor_id, 'system');
    assert.match(observer.models[0].record_id ?? '', /^[0-9a-f-]{36}$/);
  });

  it('takes an action alone', () => {
    audit({ action: 'CLOSE_BOOKS' });
    assert.deepEqual(told(observer.models[0]), {
      model: '',
      event_type: 'CLOSE_BOOKS',
      instance_id: '',
      message: 'CLOSE_BOOKS event',
      extra: {},
      changes: undefined,
      outcome: 'success',
      error_message: undefined,
    });
  });

  it('shows what was changed, and not what stayed, by a key of several parts', () => {
    const changes = { role: ['reader', 'editor'], team: [{ id: 1 }, { id: 1 }] } as const;
    audit({ action: 'grant', model: 'Membership', instanceId: ['ann', 3], changes, message: 'Ann may edit' });
    const { changes: shown, instance_id, message } = observer.models[0]!;
    assert.deepEqual(shown, { role: ['reader', 'editor'] });
    assert.deepEqual([instance_id, message], ['ann,3', 'Ann may edit']);
    audit({ action: 'grant', changes: { role: [1, 1] } });
    assert.equal(observer.models[1]?.changes, undefined);
  });

  it('is a failure with an error, unless it says otherwise', () => {
    audit({ action: 'export', error: new Error('the disk is full') });
    audit({ action: 'export', error: 'nobody answered', outcome: 'unknown' });
    audit({ action: 'export', outcome: 'failure' });
    audit({ action: 'export', error: Object.create(null) });
    assert.deepEqual(
      observer.models.map(({ outcome, error_message }) => [outcome, error_message]),
      [
        ['failure', 'the disk is full'],
        ['unknown', 'nobody answered'],
        ['failure', undefined],
        ['failure', 'an unreadable error'],
      ],
    );
  });

  it('is redacted as all else, by the rules of the operator', () => {
    audit({
      action: 'pay',
      message: 'password=hunter2',
      extra: { iban: 'DE00', nested: { token: 'abc' } },
      changes: { iban: ['DE00', 'DE01'] },
      error: new Error('Authorization: Bearer abc.def.ghi'),
    });
    assert.doesNotMatch(JSON.stringify(observer.models), /hunter2|DE0|abc/);
  });

  it('has the actor and the id of the request that it happens in, of a user who logs in late, too', async (t) => {
    const listener: RequestListener = (_request, response) => {
      audit({ action: 'knock' });
      setActor({ id: 'ann', email: 'ann@example.com' });
      audit({ action: 'export' });
      response.end();
    };
    const server = http.createServer(listener).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const headers = { 'x-request-id': 'r-1' };
    await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text();
    const request = await observer.waitFor((record) => record.message === 'Audit Internal Request');
    assert.deepEqual(
      [...observer.models, request].map(({ actor_id, request_id }) => [actor_id, request_id]),
      [
        ['anonymous', 'r-1'],
        ['ann', 'r-1'],
        ['ann', 'r-1'],
      ],
    );
    assert.deepEqual(observer.models[1]?.user_info, { email: 'ann@example.com' });
  });

  it('has the actor that a job was given', () => {
    withActor({ id: 'nightly', type: 'service' }, () => audit({ action: 'import' }));
    assert.deepEqual([observer.models[0]?.actor_id, observer.models[0]?.actor_type], ['nightly', 'service']);
  });

  it('throws nothing for what becomes of the record', () => {
    const stop = observeEmitted(() => {
      throw new Error('the disk is full');
    });
    assert.doesNotThrow(() => audit({ action: 'export' }));
    stop();
  });

  it('shows what cannot be compared as changed', () => {
    for (const trap of ['ownKeys', 'getPrototypeOf']) {
      const broken = new Proxy({}, { [trap]: () => assert.fail('not to be read') });
      assert.doesNotThrow(() => audit({ action: 'export', changes: { layout: [{ wide: true }, broken] } }));
      assert.deepEqual(observer.models.at(-1)?.changes, { layout: [{ wide: true }, '[Unreadable]'] });
    }
    assert.equal(observer.models.length, 2);
  });

  it('is recorded without what cannot be read', () => {
    audit({ action: 'export', extra: new Proxy({}, { getPrototypeOf: () => assert.fail('not to be read') }) });
    assert.equal(observer.models.length, 1);
  });

  it('is a LogRecord with the action as its verb', () => {
    audit({ action: 'export', model: 'Report' });
    const { attributes, severityText } = toLogRecord(observer.models[0]!, currentOrigin());
    assert.equal(severityText, 'AUDIT');
    assert.equal(attributes?.['audit.action'], 'EXPORT');
    assert.equal(attributes['audit.target.type'], 'Report');
  });

  it('does nothing where recording was switched off, and goes on where it is switched on again', (t) => {
    observer.stop();
    audit({ action: 'export' });
    assert.equal(observer.models.length, 0);
    const again = observeAudit();
    t.after(() => {
      again.stop();
      observer = observeAudit({ redaction: { names: ['iban'] } });
    });
    audit({ action: 'export' });
    assert.equal(again.models.length, 1);
  });

  const wrong: [name: string, event: unknown, message: RegExp][] = [
    ['nothing', undefined, /^audit: expected an object, got undefined$/],
    ['a text', 'export', /^audit: expected an object, got a text of 6 characters$/],
    ['a list', [], /^audit: expected an object, got a list$/],
    ['no action', { model: 'Report' }, /^audit: action: expected a name of at most 64 letters, .*, got undefined$/],
    ['a sentence for an action', { action: 'was exported' }, /^audit: action: expected a name/],
    ['a key that is none', { action: 'a', modle: 'Report' }, /^audit: expected one of the keys action, .*, got modle$/],
    ['a class for a model', { action: 'a', model: Date }, /^audit: model: expected a text, got function$/],
    [
      'null for an id',
      { action: 'a', instanceId: null },
      /^audit: instanceId: expected a text, a number, .*, got null$/,
    ],
    ['an object for an id', { action: 'a', instanceId: [{}] }, /^audit: instanceId: .*, got a list$/],
    ['NaN for an id', { action: 'a', instanceId: Number.NaN }, /^audit: instanceId: .*, got number$/],
    ['a number for a message', { action: 'a', message: 1 }, /^audit: message: expected a text, got number$/],
    [
      'no pairs',
      { action: 'a', changes: { a: 1 } },
      /^audit: changes: expected an object of \[old, new\], got object$/,
    ],
    ['a list of extras', { action: 'a', extra: [1] }, /^audit: extra: expected an object, got a list$/],
    ['another outcome', { action: 'a', outcome: 'ok' }, /^audit: outcome: expected success, failure or unknown, got/],
    [
      'no transaction',
      { action: 'a', transaction: {} },
      /^audit: transaction: expected a transaction of Sequelize, got/,
    ],
  ];
  for (const [name, event, message] of wrong) {
    it(`throws for ${name}`, () => {
      assert.throws(() => audit(event as ApplicationEvent), { name: 'TypeError', message });
      assert.equal(observer.models.length, 0);
    });
  }
});

describe('audit in a transaction', () => {
  let observer: AuditObserver;
  let sequelize: Sequelize;
  before(async () => {
    observer = observeAudit();
    sequelize = auditSequelize(newDatabase());
    sequelize.define('User', { name: DataTypes.STRING });
    await sequelize.sync();
  });
  after(async () => {
    observer.stop();
    await sequelize.close();
  });
  afterEach(() => observer.clear());

  const summaries = (): unknown[] =>
    observer.models.map(({ event_type, outcome, transaction_id }) => [event_type, outcome, transaction_id]);

  it('is held until it has committed, in the order of its changes', async () => {
    const transaction = await sequelize.transaction();
    const { User } = sequelize.models;
    await User!.create({ name: 'Ann' }, { transaction });
    audit({ action: 'invite', model: 'User', transaction });
    await User!.update({ name: 'Bob' }, { where: {}, transaction });
    assert.deepEqual(observer.models, []);
    await transaction.commit();
    const { id } = transaction as unknown as { id: string };
    assert.deepEqual(summaries(), [
      ['CREATE', 'success', id],
      ['INVITE', 'success', id],
      ['BULK_UPDATE', 'success', id],
    ]);
  });

  it('is not told of as done where it was rolled back, also to a savepoint', async () => {
    await sequelize.transaction(async (transaction) => {
      audit({ action: 'first', transaction });
      const inner = await sequelize.transaction({ transaction });
      audit({ action: 'second', transaction: inner });
      await inner.rollback();
    });
    assert.deepEqual(
      observer.models.map(({ event_type }) => event_type),
      ['FIRST'],
    );
  });

  it('is counted with others of its kind in a transaction that did very much', async () => {
    await sequelize.transaction(async (transaction) => {
      for (let count = 0; count < 10_002; count += 1) audit({ action: 'export', transaction });
    });
    const { message, extra } = observer.models.at(-1)!;
    assert.equal(message, 'EXPORT event');
    assert.deepEqual(extra, { total_count: 2, truncated: true });
  });

  it('is told of as a failure where it was rolled back, and the operator wants to know', async (t) => {
    observer.stop();
    const curious = observeAudit({ recordRollbacks: true });
    t.after(() => {
      curious.stop();
      observer = observeAudit();
    });
    const transaction = await sequelize.transaction();
    audit({ action: 'invite', transaction });
    await transaction.rollback();
    const [{ outcome, error_message } = {}] = curious.models;
    assert.deepEqual([outcome, error_message], ['failure', 'The transaction was rolled back']);
  });

  it('tells at once of what failed, whatever becomes of the transaction', async () => {
    const transaction = await sequelize.transaction();
    audit({ action: 'invite', error: 'no seat left', transaction });
    await transaction.rollback();
    assert.equal(observer.models[0]?.outcome, 'failure');
  });

  it('is of unknown outcome in one that nobody follows', async (t) => {
    const other = newDatabase();
    t.after(() => other.close());
    const transaction = await other.transaction();
    audit({ action: 'invite', transaction });
    await transaction.rollback();
    assert.equal(observer.models[0]?.outcome, 'unknown');
    assert.match(observer.models[0].error_message ?? '', /^Nobody follows the transaction/);
  });

  it('takes null for no transaction, as Sequelize does', () => {
    audit({ action: 'invite', transaction: null });
    assert.equal(observer.models.length, 1);
  });
});

describe('two that take what the application tells', () => {
  it('take it once, also when one of them is disabled', () => {
    const [first, second] = [new ApplicationEventsInstrumentation(), new ApplicationEventsInstrumentation()];
    let taken = 0;
    const stop = observeEmitted(() => (taken += 1));
    audit({ action: 'export' });
    assert.equal(taken, 1);
    first.disable();
    audit({ action: 'export' });
    assert.equal(taken, 2);
    second.disable();
    audit({ action: 'export' });
    assert.equal(taken, 2);
    stop();
  });
});
