import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';

import { currentActor, setActor, withActor } from '../../src/context/actor.ts';
import { currentOrigin } from '../../src/context/origin.ts';
import { withPeer } from '../../src/context/peer.ts';
import { isSameRequest, currentWork, runInWork } from '../../src/context/work.ts';
import { type AuditObserver, observeAudit } from '../../src/testing.ts';
import { outgoingRecords, outgoingTo } from '../support/outgoing-records.ts';
import { peer } from '../support/peer.ts';
import { send, serve } from '../support/server.ts';

describe('withPeer', () => {
  let audit: AuditObserver;
  let server: Awaited<ReturnType<typeof serve>>;

  before(async () => {
    server = await serve(peer);
  });
  afterEach(() => audit?.stop());
  after(() => server.close());

  const clients = {
    fetch: async (path: string) => (await fetch(server.url + path)).text(),
    'node:http': (path: string) => send(server.port, { path }),
  };
  for (const [client, ask] of Object.entries(clients)) {
    it(`names who is asked by ${client}, also after await, before what peerNames says, and nobody later`, async () => {
      audit = observeAudit({ peerNames: { '127.0.0.1': 'configured', localhost: 'configured' } });
      await withPeer('apollo', async () => {
        await ask('/200?first');
        await new Promise(setImmediate);
        await ask('/200?second');
      });
      await ask('/200?third');
      await outgoingTo(audit, '?third');
      assert.deepEqual(
        outgoingRecords(audit).map((record) => record.service_name),
        ['apollo', 'apollo', 'configured'],
      );
    });
  }

  it('names each step of a redirect, and of what runs at once each its own', async () => {
    audit = observeAudit();
    const names = ['ann', 'bob', 'cid'];
    await Promise.all(names.map((name) => withPeer(name, () => clients.fetch(`/moved?${name}`))));
    for (const name of names) assert.equal((await outgoingTo(audit, `?${name}`)).service_name, name);
    const steps = outgoingRecords(audit).filter((record) => record.request_repr.endpoint.endsWith('/echo'));
    assert.deepEqual(steps.map((record) => record.service_name).toSorted(), names);
  });

  it('names who is asked by HTTP/2', async () => {
    audit = observeAudit();
    const other = http2.createServer().on('stream', (stream) => stream.end('got'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const session = http2.connect(`http://127.0.0.1:${(other.address() as AddressInfo).port}`);
    await withPeer('stock', () => once(session.request({ ':path': '/items' }).resume(), 'close'));
    assert.equal((await outgoingTo(audit, '/items')).service_name, 'stock');
    session.destroy();
    other.close();
  });

  it('keeps the actor and the request, and setActor in it names who acts in all of the request', async () => {
    audit = observeAudit();
    await runInWork({ requestId: 'r-1', findActor: () => undefined }, async () => {
      const outside = currentWork();
      await withPeer('accounts', async () => {
        assert.equal(currentOrigin().requestId, 'r-1');
        assert.equal(currentActor().id, 'anonymous');
        assert.ok(isSameRequest(outside, currentWork()));
        await clients.fetch('/200?token');
        setActor('ann');
        await clients.fetch('/200?profile');
      });
      assert.equal(currentActor().id, 'ann');
      setActor('bob');
    });
    const [first, later] = [await outgoingTo(audit, '?token'), await outgoingTo(audit, '?profile')];
    assert.deepEqual([first.actor_id, later.actor_id], ['anonymous', 'ann']);
    assert.deepEqual([first.request_id, later.request_id], ['r-1', 'r-1']);
  });

  it('learns in what it runs who acts outside of it by then', async () => {
    await runInWork({ requestId: 'r-1' }, async () => {
      const asked = withPeer('accounts', async () => {
        await new Promise(setImmediate);
        return currentActor().id;
      });
      setActor('ann');
      assert.equal(await asked, 'ann');
    });
  });

  it('keeps the name where an actor is put over it', async () => {
    audit = observeAudit();
    await withPeer('apollo', () => withActor('ann', () => clients.fetch('/200')));
    const { service_name, actor_id } = await outgoingTo(audit, '/200');
    assert.deepEqual([service_name, actor_id], ['apollo', 'ann']);
  });

  it('returns what the function returns, and throws what it throws', () => {
    assert.equal(
      withPeer('apollo', () => 7),
      7,
    );
    const error = new Error('no');
    assert.throws(
      () =>
        withPeer('apollo', () => {
          throw error;
        }),
      (thrown) => thrown === error,
    );
  });

  it('takes nothing but a name', () => {
    const call = (name: unknown) => () => withPeer(name as string, () => undefined);
    assert.throws(call(''), {
      name: 'TypeError',
      message: /expected the name of a service as a text, got an empty one/,
    });
    assert.throws(call(undefined), { message: /got undefined/ });
    assert.throws(call(null), { message: /got null/ });
  });
});
