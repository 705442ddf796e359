import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type ClosedName, inOrder, isDue, nextClosedName, readClosedName } from '../../src/export/rotation.ts';

const at = Date.parse;

describe('the rotation of a file', () => {
  it('is due before the file becomes too long, and never for an empty one', () => {
    const file = (size: number) => ({ size, bornAt: 0 });
    assert.equal(isDue({ maxBytes: 100 }, file(90), 10, 0), false);
    assert.equal(isDue({ maxBytes: 100 }, file(90), 11, 0), true);
    assert.equal(isDue({ maxBytes: 100 }, file(0), 1000, 0), false);
    assert.equal(isDue({ every: 'day' }, file(0), 1, at('2026-11-24T00:00:00Z')), false);
  });

  const times: [every: 'day' | 'hour', born: string, now: string, due: boolean, why: string][] = [
    ['day', '2026-11-24T09:00:00Z', '2026-11-24T23:59:59.999Z', false, 'the day goes on'],
    ['day', '2026-11-24T09:00:00Z', '2026-11-25T00:00:00Z', true, 'a new day'],
    ['day', '2026-11-20T09:00:00Z', '2026-11-24T09:00:00Z', true, 'days without a record'],
    ['hour', '2026-11-24T09:00:00Z', '2026-11-24T09:59:59Z', false, 'the hour goes on'],
    ['hour', '2026-11-24T09:00:00Z', '2026-11-24T10:00:00Z', true, 'a new hour'],
    ['day', '2026-11-24T23:59:59.996Z', '2026-11-25T00:00:00.001Z', false, 'a file system whose clock is slow'],
    ['day', '2026-11-25T00:00:03Z', '2026-11-24T23:59:58Z', false, 'a file system whose clock is fast'],
    ['day', '2026-11-24T23:59:55Z', '2026-11-24T23:59:56Z', false, 'a file made just before midnight'],
    ['day', '2026-11-24T12:00:00Z', '2026-11-23T12:00:00Z', true, 'a clock set back by a day'],
    ['day', '2027-11-24T12:00:00Z', '2026-11-24T12:00:00Z', true, 'a clock set back by a year'],
    ['day', '2026-11-24T12:00:00Z', '2026-11-24T11:00:00Z', false, 'a clock set back within the day'],
    ['day', '2026-10-25T00:30:00Z', '2026-10-25T22:59:59Z', false, 'a local day of 25 hours'],
    ['day', '2026-10-25T22:30:00Z', '2026-10-25T23:30:00Z', false, 'a local midnight'],
    ['hour', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', true, 'the same local hour, again'],
  ];
  for (const [every, born, now, due, why] of times) {
    it(`by the ${every} is ${due ? '' : 'not '}due: ${why}`, () => {
      assert.equal(isDue({ every }, { size: 1, bornAt: at(born) }, 1, at(now)), due);
    });
  }

  it('gives a closed file the day on which it began, and the next number of that day', () => {
    const file = { size: 1, bornAt: at('2026-11-24T09:00:00Z') };
    assert.equal(nextClosedName('audit', file, []), 'audit-2026-11-24.0001.log');
    const names = ['audit-2026-11-24.0002.log.gz', 'audit-2026-11-24.0009.log', 'audit-2026-11-23.0070.log', 'x'];
    assert.equal(nextClosedName('audit', file, names), 'audit-2026-11-24.0010.log');
    assert.equal(nextClosedName('api', file, names), 'api-2026-11-24.0001.log');
    assert.equal(nextClosedName('audit', file, ['audit-2026-11-24.9999.log']), 'audit-2026-11-24.10000.log');
  });

  it('knows its own files from others', () => {
    const name = 'audit-2026-11-24.0003.log.zst';
    const read: ClosedName = { name, plain: 'audit-2026-11-24.0003.log', date: '2026-11-24', number: 3 };
    assert.deepEqual(readClosedName('audit', name), read);
    for (const other of [
      'audit.log',
      'audit.log.1',
      'api-2026-11-24.0003.log',
      'audit-2026-11-24.0003.log.gz.tmp',
      'audit-2026-11-24.0003.log.bak',
      'my-audit-2026-11-24.0003.log',
    ])
      assert.equal(readClosedName('audit', other), undefined, other);
  });

  it('puts files in the order of their time, with any number of digits', () => {
    const names = ['api-2026-11-24.9999.log', 'api-2026-11-24.10000.log', 'api-2026-11-25.0001.log'];
    const read = names.flatMap((name) => readClosedName('api', name) ?? []);
    assert.deepEqual(
      read
        .toReversed()
        .toSorted(inOrder)
        .map(({ name }) => name),
      names,
    );
  });
});
