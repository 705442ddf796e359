import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';

import { createRedactor } from '../../src/event/redact.ts';
import { mayTell, traitsOf } from '../../src/event/text-traits.ts';

const redactor = createRedactor();

const piece = fc.oneof(
  fc.constantFrom(
    '=',
    ':',
    '<a',
    '&lt;',
    '%22',
    '%3a',
    'Bearer',
    'basic',
    'eyJ',
    '://',
    '411111111111',
    '1111',
    'abcdef123456',
  ),
  fc.constantFrom(' ', '+', '%20', '\u00a0', '\u3000', '\ufeff', '\t', '12:30', '\ud800', '\udc00', 'password', 'sid'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

it('traits tell of each text that holds a secret, but for those with two dashes', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const text = pieces.join('');
      let traits = 0;
      for (let at = 0; at < text.length; at += 1) traits |= traitsOf(text.charCodeAt(at));
      if (redactor.text(text) !== text && !text.includes('--'))
        assert.ok(mayTell(traits, text.length), JSON.stringify(text));
    }),
    { numRuns: 20_000 },
  );
});

it('most texts have none', () => {
  for (const text of ['Desk lamp with a dimmer', 'LMP-204', '2025-08-18', 'd6c9a056', '€ 12.50']) {
    let traits = 0;
    for (const character of text) traits |= traitsOf(character.charCodeAt(0));
    assert.equal(mayTell(traits, text.length), false, text);
  }
});
