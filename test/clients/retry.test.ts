import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { backOffMs, retryAfterMs } from '../../src/clients/retry.ts';

describe('back-off', () => {
  it('doubles with each try, less a random half, up to a minute', () => {
    const longest = [1, 2, 3, 20].map((tries) => backOffMs(tries, 200, () => 0));
    assert.deepEqual(longest, [200, 400, 800, 60_000]);
    assert.equal(
      backOffMs(3, 200, () => 0.5),
      600,
    );
  });
});

describe('Retry-After', () => {
  const now = (): number => Date.parse('2026-11-24T10:00:00Z');
  const cases: [header: string | null, ms: number | undefined][] = [
    ['3', 3000],
    ['0', 0],
    ['Tue, 24 Nov 2026 10:00:07 GMT', 7000],
    ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    [null, undefined],
  ];
  for (const [header, ms] of cases) {
    it(`reads ${header} as ${ms}`, () => assert.equal(retryAfterMs(header, now), ms));
  }
});
