import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { lineOf } from '../../src/export/line.ts';
import { closingOf } from '../../src/export/torn-line.ts';
import { INCOMING, LOGIN, modelExample } from '../support/example-events.ts';

describe('closingOf', () => {
  for (const [name, event] of Object.entries({ INCOMING, LOGIN, model: modelExample('UPDATE') })) {
    it(`makes JSON of a line that was cut anywhere, which says so: ${name}`, () => {
      const line = lineOf(event).trimEnd();
      for (let length = 1; length < line.length; length += 1) expectClosed(line.slice(0, length));
    });
  }

  it('does so for any object, and loses nothing of what was whole', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(), (object, at) => {
        const json = JSON.stringify(object);
        const closed = expectClosed(json.slice(0, 1 + (at % json.length)));
        const keys = Object.keys(closed).slice(0, -2);
        for (const key of keys.filter((one) => one !== 'torn')) assert.deepEqual(closed[key], JSON.parse(json)[key]);
      }),
    );
  });

  for (const [cut, closing] of [
    ['{', '"torn":true}'],
    ['{"a', '":null,"torn":true}'],
    ['{"a":', 'null,"torn":true}'],
    ['{"a":tr', 'ue,"torn":true}'],
    ['{"a":-', '0,"torn":true}'],
    ['{"a":"\\', '\\","torn":true}'],
    ['{"a":"\\u00', '00","torn":true}'],
    ['{"a":[{"b":1},', 'null],"torn":true}'],
    ['{"a":{"b":1,', '"torn":true},"torn":true}'],
    ['{"a":1}', undefined],
    ['text', undefined],
    ['["a', undefined],
  ] as const) {
    it(`appends ${closing} to ${cut}`, () => {
      assert.equal(closingOf(cut), closing);
    });
  }
});

function expectClosed(cut: string): Record<string, unknown> {
  const closing = closingOf(cut);
  if (closing === undefined) {
    assert.doesNotThrow(() => JSON.parse(cut) as unknown, cut);
    return JSON.parse(cut) as Record<string, unknown>;
  }
  const closed = JSON.parse(cut + closing) as Record<string, unknown>;
  assert.equal(closed['torn'], true, cut);
  return closed;
}
