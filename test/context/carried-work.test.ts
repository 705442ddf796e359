import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { currentActor, setActor, withActor } from '../../src/context/actor.ts';
import { type CarriedWork, carriedWork, withWork } from '../../src/context/carried-work.ts';
import { currentOrigin } from '../../src/context/origin.ts';
import { runInWork } from '../../src/context/work.ts';

/** As it comes out of a queue. */
function sent(work: unknown): CarriedWork {
  return JSON.parse(JSON.stringify(work)) as CarriedWork;
}

describe('carried work', () => {
  it('has the actor and the request id of where it was taken', () => {
    const user = { id: 7, email: 'ann@example.com', onBehalfOf: { id: 8 } };
    const work = runInWork({ requestId: 'r-1' }, () => withActor(user, carriedWork));
    withWork(sent(work), () => {
      const { actor, requestId } = currentOrigin();
      assert.equal(requestId, 'r-1');
      assert.deepEqual(actor, {
        id: '7',
        type: 'user',
        info: { email: 'ann@example.com' },
        onBehalfOf: { id: '8', type: 'user', info: {} },
      });
    });
  });

  it('is of nobody in a request without a user, and of the system outside of one', () => {
    const anonymous = runInWork({ requestId: 'r-1' }, carriedWork);
    assert.deepEqual(sent(anonymous), { actor: { id: 'anonymous', type: 'user', info: {} }, requestId: 'r-1' });
    assert.deepEqual(sent(carriedWork()), { actor: { id: 'system', type: 'system', info: {} } });
    assert.equal(withWork(sent(carriedWork()), currentActor).type, 'system');
  });

  it('takes the place of the work that its job was found in, until the job has ended', async () => {
    const seen: unknown[] = [];
    await runInWork({ requestId: 'r-2', actor: { id: 'poller', type: 'service', info: {} } }, async () => {
      const job = withWork({ actor: { id: 'ann', type: 'user', info: {} } }, async () => {
        await Promise.resolve();
        seen.push(currentActor().id, currentOrigin().requestId);
        setActor('bob');
        await Promise.resolve();
        seen.push(currentActor().id);
      });
      assert.equal(currentActor().id, 'poller');
      await job;
      seen.push(currentActor().id);
    });
    assert.deepEqual(seen, ['ann', undefined, 'bob', 'poller']);
  });

  it('counts as nothing where a job has none, or one that can not be read', () => {
    const other = { id: 'poller', type: 'service' };
    for (const work of [undefined, null, {}, [], 'ann', 1, { actor: {} }, { requestId: 'a\nb' }, { requestId: 7 }]) {
      assert.equal(
        withActor(other, () => withWork(work as CarriedWork, currentActor)).id,
        'poller',
        JSON.stringify(work),
      );
    }
    assert.equal(withWork({ requestId: 'r-1' }, currentActor).id, 'anonymous');
  });

  it('throws what its function throws, and returns what it returns', () => {
    const fail = (): never => {
      throw new Error('mine');
    };
    assert.throws(() => withWork(carriedWork(), fail), /^Error: mine$/);
    assert.equal(
      withWork(carriedWork(), () => 7),
      7,
    );
  });
});
