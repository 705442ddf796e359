import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';

import { type ApplicationLogin, auditLogin } from '../../src/capture/audit-login.ts';
import { setActor, withActor } from '../../src/context/actor.ts';
import { currentOrigin } from '../../src/context/origin.ts';
import { observeEmitted } from '../../src/event/emit.ts';
import type { LoginEvent } from '../../src/event/event.ts';
import { toLogRecord } from '../../src/event/to-log-record.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';

/** What a record tells of a login, without what every record has. */
function told(record: LoginEvent | undefined): Record<string, unknown> {
  const { message, event, success, error, user_id, user_info, extra, outcome, actor_id } = record!;
  return { message, event, success, error, user_id, user_info, extra, outcome, actor_id };
}

describe('auditLogin', () => {
  let observer: AuditObserver;
  before(() => {
    observer = observeAudit({ redaction: { names: ['iban'] } });
  });
  after(() => observer.stop());
  afterEach(() => observer.clear());

  it('records a login in the name of who signed in', () => {
    auditLogin({ event: 'login', user: { id: 7, email: 'ada@example.com', password: 'x' }, extra: { method: 'sso' } });
    assert.deepEqual(told(observer.logins[0]), {
      message: 'login for 7',
      event: 'login',
      success: true,
      error: null,
      user_id: '7',
      user_info: { email: 'ada@example.com' },
      extra: { method: 'sso' },
      outcome: 'success',
      actor_id: '7',
    });
  });

  it('records a failure in the name of nobody, with whom somebody said to be', () => {
    auditLogin({ event: 'login_failed', user: 'ada@example.com', error: new Error('wrong password') });
    assert.deepEqual(told(observer.logins[0]), {
      message: 'login_failed for ada@example.com',
      event: 'login_failed',
      success: false,
      error: 'wrong password',
      user_id: 'ada@example.com',
      user_info: {},
      extra: {},
      outcome: 'failure',
      actor_id: 'anonymous',
    });
  });

  it('leaves who is acting the actor, where it is the account of another', () => {
    withActor({ id: 'admin', onBehalfOf: { id: 'support-team' } }, () => {
      auditLogin({ event: 'password_change', user: { id: 9 } });
      auditLogin({ event: 'logout' });
    });
    const [change, logout] = observer.logins;
    assert.deepEqual([change?.user_id, change?.actor_id, logout?.user_id], ['9', 'admin', 'admin']);
    assert.deepEqual(change?.extra, {
      on_behalf_of: { id: 'support-team', type: 'user', user_info: undefined },
    });
  });

  it('tells from where, and in which request', async () => {
    const server = http.createServer((_request, response) => {
      setActor('7');
      setTimeout(() => {
        auditLogin({ event: 'login', extra: { token: 'abc', iban: 'DE02', note: 'password=hunter22' } });
        response.end();
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await fetch(url, { headers: { 'x-request-id': 'r-1', 'user-agent': 'curl/8 password=hunter22' } });
    server.close();
    const [login] = observer.logins;
    assert.equal(login?.request_id, 'r-1');
    assert.deepEqual(login.extra, {
      token: '[REDACTED]',
      iban: '[REDACTED]',
      note: 'password=[REDACTED]',
      client_address: '127.0.0.1',
      user_agent: 'curl/8 password=[REDACTED]',
    });
    const { attributes } = toLogRecord(login, currentOrigin());
    assert.equal(attributes?.['client.address'], '127.0.0.1');
    assert.equal(attributes['user_agent.original'], 'curl/8 password=[REDACTED]');
    assert.equal(attributes['audit.login.event'], 'login');
  });

  const bad: readonly [login: unknown, message: RegExp][] = [
    [undefined, /^auditLogin: expected an object, got undefined$/],
    [{}, /^auditLogin: event: expected a name of at most 64 letters, .*, got undefined$/],
    [{ event: 'log in' }, /^auditLogin: event: .*, got a text of 6 characters$/],
    [{ event: 'login', who: 7 }, /^auditLogin: expected one of the keys event, success, .*, got who$/],
    [{ event: 'login', user: {} }, /^auditLogin: user: expected an id or an object that has one, got object$/],
    [{ event: 'login', success: 'yes' }, /^auditLogin: success: expected true or false/],
    [{ event: 'login', extra: [] }, /^auditLogin: extra: expected an object, got a list$/],
  ];
  for (const [login, message] of bad) {
    it(`throws for what is none: ${JSON.stringify(login)}`, () => {
      assert.throws(() => auditLogin(login as ApplicationLogin), { name: 'TypeError', message });
      assert.deepEqual(observer.logins, []);
    });
  }

  it('throws nothing for what becomes of the record', () => {
    const stop = observeEmitted(() => {
      throw new Error('no');
    });
    auditLogin({ event: 'login', user: 7 });
    stop();
  });
});
