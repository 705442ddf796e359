import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { JsonText } from '../../src/event/json-text.ts';
import { type RedactionOptions, createRedactor } from '../../src/event/redact.ts';

const OPTIONS: RedactionOptions = {
  hashKey: 'a key of sixteen bytes',
  rules: [
    { names: ['code'], action: 'hash' },
    { names: ['gone'], action: 'remove' },
  ],
};
const redactor = createRedactor(OPTIONS);

function textOf(value: object): string {
  const shown = redactor.objectText(value, 'User');
  return shown instanceof JsonText ? shown.text : JSON.stringify(shown);
}

class Broken {
  get password(): never {
    throw new Error('broken');
  }
}

const names = fc.oneof(
  fc.constantFrom('id', 'password', 'gone', 'code', 'name', 'value', 'toJSON', '__proto__', '', 'a"b', 'pin=7', '1'),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const texts = fc.oneof(
  fc.constantFrom('', 'plain', 'Bearer abcdef12', 'password=x', '4111 1111 1111 1111', '\ud800', '\\', 'ümlaut', 'x\n'),
  fc.constantFrom('x'.repeat(1025), `password=${'x'.repeat(70_000)}`),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const flat = fc.oneof(
  texts,
  fc.double(),
  fc.constantFrom(0, -0, 1.5, 1e21, 4111111111111111, -4111111111111111, true, false, null, undefined, 12n),
  fc.constantFrom<unknown>(
    4111111111111111n,
    Symbol('x'),
    () => 1,
    Buffer.from('x'),
    new Broken(),
    new Map([['a', 1]]),
  ),
  fc.date({ noInvalidDate: false }),
  fc.constant(Object.assign(new Date(0), { toJSON: () => 'password=x' })),
);
const notFunctions = flat.filter((value) => typeof value !== 'function');
const { values } = fc.letrec<{ values: unknown }>((tie) => ({
  values: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: flat },
    { weight: 1, arbitrary: fc.array(tie('values'), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(names, tie('values'), { maxKeys: 3 }) },
  ),
}));
const rows = fc.array(fc.tuple(names, values), { maxLength: 8 }).map((pairs) => Object.fromEntries(pairs));

describe('objectText', () => {
  it('says what the copy of the object would', () => {
    fc.assert(
      fc.property(rows, (row) => {
        assert.equal(textOf(row), JSON.stringify(redactor.object(row, 'User')));
      }),
      { numRuns: 3000 },
    );
  });

  it('makes the text of a row at once', () => {
    const row = { id: 7, name: 'Ann', born: new Date(0), password: 'x', code: 1, gone: 2, notes: { pin: 1, n: [1n] } };
    const shown = redactor.objectText(row, 'User');
    assert.ok(shown instanceof JsonText);
    assert.deepEqual(shown.toJSON(), redactor.object(row, 'User'));
    assert.match(shown.text, /"password":"\[REDACTED\]","code":"\[HASH:\w{16}\]","notes":/);
  });

  it('finds what leads back to the row', () => {
    const row: Record<string, unknown> = { id: 1 };
    row['self'] = row;
    row['parts'] = [{ row }];
    assert.equal(textOf(row), '{"id":1,"self":"[Circular]","parts":[{"row":"[Circular]"}]}');
  });

  it('shows no more of a large row than the copy would', () => {
    const large = Object.fromEntries(Array.from({ length: 11_000 }, (_, index) => [`n${index}`, index]));
    assert.equal(textOf(large), JSON.stringify(redactor.object(large, 'User')));
  });

  it('shows no more of many large parts than of one', () => {
    const part = Array.from({ length: 9000 }, () => 0);
    const row = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`n${index}`, part]));
    const shown = Object.values(JSON.parse(textOf(row)) as Record<string, unknown[]>);
    const sizes = shown.map(({ length }) => length);
    assert.deepEqual(sizes, [9000, 999]);
    assert.equal(shown[1]?.at(-1), '[Truncated]');
  });

  it('shows as many levels as the copy would, and looks at no more of them', () => {
    const nested = (levels: number): object => (levels === 1 ? { end: [] } : { a: [nested(levels - 1)] });
    for (const levels of [7, 8, 9])
      assert.equal(textOf(nested(levels)), JSON.stringify(redactor.object(nested(levels), 'User')));
    let twice: object = { end: 1 };
    for (let level = 0; level < 40; level += 1) twice = { a: twice, b: twice };
    assert.match(textOf(twice), /Too deep/);
  });

  it('makes the text of what is nested at once, with its secrets and labels', () => {
    const row = { id: 7, data: { list: [{ password: 'x', note: 'Bearer abcdef12' }], set: { name: 'pin', value: 1 } } };
    assert.equal(textOf(row), JSON.stringify(redactor.object(row, 'User')));
    assert.ok(redactor.objectText({ data: row.data.list }, 'User') instanceof JsonText);
  });

  it('forgets what it decided on when names become secret', () => {
    const own = createRedactor();
    assert.match((own.objectText({ note: 'x' }, 'User') as JsonText).text, /"x"/);
    own.addNames(['note']);
    assert.match((own.objectText({ note: 'x' }, 'User') as JsonText).text, /REDACTED/);
    assert.match((own.pairsText([['note', 'x', 'y']]) as JsonText).text, /\["\[REDACTED\]","\[REDACTED\]"\]/);
  });

  it('leaves rules by path to the copy', () => {
    const own = createRedactor({ rules: [{ paths: ['User.note'], action: 'mask' }] });
    assert.deepEqual(own.objectText({ note: 'x' }, 'User'), { note: '[REDACTED]' });
    assert.equal(own.pairsText([['note', 'x', 'y']]), undefined);
  });
});

describe('pairsText', () => {
  it('says what the copies of both sides would', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(names, notFunctions, notFunctions), { maxLength: 5, selector: ([name]) => name }),
        (pairs) => {
          const text = redactor.pairsText(pairs)?.text;
          if (text === undefined) return;
          const side = (at: 1 | 2): object =>
            redactor.object(Object.fromEntries(pairs.map((pair) => [pair[0], pair[at]])), 'User');
          const [before, after] = [new Map(Object.entries(side(1))), new Map(Object.entries(side(2)))];
          const both = pairs
            .map(([name]) => [name, [before.get(name) ?? null, after.get(name) ?? null]] as const)
            .filter(([name]) => before.has(name) || after.has(name));
          assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(Object.fromEntries(both))));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('leaves to the copy what has parts, or a telling name', () => {
    for (const pair of [
      ['notes', { a: 1 }, null],
      ['password=x', 1, 2],
      ['value', 1, 2],
      ['n', 'x'.repeat(2000), 1],
    ] as const) {
      assert.equal(redactor.pairsText([pair]), undefined);
    }
    assert.equal(redactor.pairsText([['at', new Date(0), null]])?.text, '{"at":["1970-01-01T00:00:00.000Z",null]}');
  });
});
