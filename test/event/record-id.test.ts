import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { recordId } from '../../src/event/record-id.ts';

/** The milliseconds that the id tells: RFC 9562, section 5.7. */
function timeIn(id: string): number {
  return parseInt(id.replace('-', '').slice(0, 12), 16);
}

describe('recordId', () => {
  it('is a UUIDv7 of its time', () => {
    for (const time of [0, 1, 0xffff, 0x10000, 0x10001, 1_764_000_000_123.7, 2 ** 48 - 1, 1_763_999_999_999]) {
      const id = recordId(time);
      assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      assert.equal(timeIn(id), Math.floor(time));
    }
  });

  it('is never the same', () => {
    const ids = Array.from({ length: 10_000 }, () => recordId(1));
    assert.equal(new Set(ids).size, ids.length);
  });
});
