import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { currentActor, setActor, toActor, withActor } from '../../src/context/actor.ts';

describe('an actor', () => {
  class Account {
    readonly #id = 'a-1';
    get id(): string {
      return this.#id;
    }
    get email(): string {
      throw new Error('not loaded');
    }
    get firstName(): string {
      return 'Ann';
    }
  }
  const strict = new Proxy(new Map<string | symbol, unknown>([['id', 7]]), {
    get(target, name) {
      if (target.has(name)) return target.get(name);
      throw new ReferenceError(`no ${String(name)} here`);
    },
  });
  const objectId = { _id: { toHexString: () => '66f0' } };
  const users: [name: string, user: unknown, id: string | undefined, info?: object][] = [
    ['is made of a string', 'ann', 'ann'],
    ['is made of a number, also of 0', 0, '0'],
    ['is made of a bigint', 12n, '12'],
    ['is made of a class instance, without what it refuses', new Account(), 'a-1', { first_name: 'Ann' }],
    ['is made of a proxy that throws for what it does not have', strict, '7'],
    ['is made of an ObjectId', objectId, '66f0'],
    ['has the first id that is one', { id: null, _id: undefined, sub: 'ann' }, 'ann'],
    ['is nobody without an id', { roles: [] }, undefined],
    ['is nobody for an empty text', '', undefined],
    ['is nobody for NaN', Number.NaN, undefined],
    ['is nobody for a promise', Promise.resolve({ id: 1 }), undefined],
    ['is nobody for a function', () => 'ann', undefined],
    ['is nobody for an object without a prototype', Object.create(null), undefined],
  ];
  for (const [name, user, id, info = {}] of users) {
    it(name, () => {
      const actor = toActor(user);
      assert.equal(actor?.id, id);
      if (actor) assert.deepEqual(actor.info, info);
    });
  }

  it('is a service or the system only where its type says so', () => {
    assert.equal(toActor({ id: 1, type: 'service' })?.type, 'service');
    assert.equal(toActor({ id: 1, type: 'admin' })?.type, 'user');
  });
});

describe('an actor on behalf of somebody', () => {
  it('is told with whom it acts for, in the same words', () => {
    const user = { id: 'ann', type: 'user', onBehalfOf: { sub: 7, given_name: 'Bob' } };
    assert.deepEqual(toActor(user), {
      id: 'ann',
      type: 'user',
      info: {},
      onBehalfOf: { id: '7', type: 'user', info: { first_name: 'Bob' } },
    });
    assert.deepEqual(toActor({ id: 'ann', onBehalfOf: 'bob' })?.onBehalfOf, { id: 'bob', type: 'user', info: {} });
  });

  it('is one of two: nobody acts for one who acts for another, and a circle ends', () => {
    const circle: Record<string, unknown> = { id: 'ann' };
    circle['onBehalfOf'] = circle;
    assert.deepEqual(toActor(circle)?.onBehalfOf, { id: 'ann', type: 'user', info: {} });
  });

  it('acts for nobody where that one has no id, or can not be read', () => {
    const unreadable = {
      id: 'ann',
      get onBehalfOf(): unknown {
        throw new Error('not loaded');
      },
    };
    for (const user of [unreadable, { id: 'ann', onBehalfOf: {} }, { id: 'ann', onBehalfOf: null }]) {
      assert.deepEqual(toActor(user), { id: 'ann', type: 'user', info: {} });
    }
  });

  it('is refused where whom it acts for has no id', () => {
    const wrong = { id: 'ann', onBehalfOf: { name: 'Bob' } };
    const message = /^withActor: onBehalfOf: expected an id or an object with one of id, .*, got object$/;
    assert.throws(() => withActor(wrong, () => undefined), { name: 'TypeError', message });
    assert.throws(() => setActor({ id: 'ann', onBehalfOf: '' }), /^TypeError: setActor: onBehalfOf: /);
    assert.doesNotThrow(() => withActor({ id: 'ann', onBehalfOf: undefined }, () => undefined));
  });

  it('can be passed on, with all that is known of both', () => {
    const user = { id: 1, email: 'ann@example.com', onBehalfOf: { id: 2, email: 'bob@example.com' } };
    const actor = withActor(user, currentActor);
    assert.deepEqual(withActor(actor, currentActor), actor);
    assert.equal(actor.onBehalfOf?.info.email, 'bob@example.com');
  });
});

describe('withActor', () => {
  it('lasts until the promise of its function settles, and not for what runs beside it', async () => {
    const seen: string[] = [];
    const job = withActor('ann', async () => {
      await Promise.resolve();
      setActor('bob');
      await new Promise(setImmediate);
      seen.push(currentActor().id);
    });
    seen.push(currentActor().id);
    await job;
    seen.push(currentActor().id);
    assert.deepEqual(seen, ['system', 'bob', 'system']);
  });

  it('throws what its function throws, and for an actor without an id', () => {
    assert.throws(
      () =>
        withActor('ann', () => {
          throw new Error('mine');
        }),
      /mine/,
    );
    assert.throws(() => withActor({}, () => undefined), /withActor: expected an id or an object with one of id, /);
  });
});
