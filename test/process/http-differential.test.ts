import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { exchanges } from '../fixtures/http/exchanges.mjs';
import { type Difference, numbersOf, runBoth, sortedNumbers } from '../support/differential.ts';

/** What the client received, and what the application saw, one line each; or that the exchange hung. */
type Seen = Record<string, { readonly client: string; readonly application: readonly string[] } | 'hung'>;

for (const version of ['20.20.2', '24.21.0']) {
  describe(`on Node ${version}, an exchange is the same with us and without, and recorded once:`, () => {
    let seen: Difference<Seen>;

    before(async () => {
      seen = await runBoth(version, 'test/fixtures/http/exchange-all.mjs');
    });

    for (const [name, { records: expected }] of Object.entries(exchanges)) {
      it(name, () => {
        const { alone, audited, records } = seen;
        assert.notEqual(alone[name], 'hung');
        assert.deepEqual(audited[name], alone[name]);
        const told = records.filter(({ request_repr }) => request_repr.headers['X-Exchange'] === name);
        assert.deepEqual(sortedNumbers(told.map(numbersOf)), sortedNumbers(expected));
      });
    }

    it('requests that are none, in their order', () => {
      const told = seen.records.filter(({ request_repr }) => request_repr.headers['X-Exchange'] === undefined);
      const expected = Object.values(exchanges).flatMap((one) => ('malformed' in one ? one.malformed : []));
      assert.deepEqual(told.map(numbersOf), expected);
    });
  });
}
