import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { exchanges } from '../fixtures/http/http2-exchanges.mjs';
import { type Difference, numbersOf, runBoth, sortedNumbers } from '../support/differential.ts';

/** What the client and the application saw, one line each. */
type Seen = Record<string, { readonly client: readonly string[]; readonly application: readonly string[] }>;

for (const version of ['20.20.2', '22.23.3', '24.21.0']) {
  describe(`on Node ${version}, an exchange over HTTP/2 is the same with us and without, and recorded once:`, () => {
    let seen: Difference<Seen>;

    before(async () => {
      seen = await runBoth(version, 'test/fixtures/http/http2-all.mjs');
    });

    for (const [name, { records: expected }] of Object.entries(exchanges)) {
      it(name, () => {
        const { alone, audited, records } = seen;
        assert.ok(!alone[name]?.client.includes('hung'));
        assert.deepEqual(audited[name], alone[name]);
        const incoming = records.filter(({ request_type }) => request_type === 'internal');
        const told = incoming.filter(({ request_repr }) => request_repr.headers['x-exchange'] === name);
        assert.deepEqual(sortedNumbers(told.map(numbersOf)), sortedNumbers(expected));
      });
    }
  });
}
