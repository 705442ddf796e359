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
