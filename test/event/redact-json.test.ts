import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { JsonText } from '../../src/event/json-text.ts';
import { createRedactor } from '../../src/event/redact.ts';

const redactor = createRedactor();

/** What the record shows, as its line says it. */
function shown(text: string): string | undefined {
  const json = redactor.json(text, 'request.body');
  return json instanceof JsonText ? json.text : JSON.stringify(json);
}

/** The same text, held as a text: nothing in it had to become a value. */
function shownAsText(text: string): string {
  const json = redactor.json(text, 'request.body');
  assert.ok(json instanceof JsonText, text);
  return json.text;
}

const names = fc.oneof(
  fc.constantFrom(
    'id',
    'title',
    'password',
    'accessToken',
    'name',
    'value',
    'key',
    'path',
    'pass"word',
    '__proto__',
    '',
  ),
  fc.constantFrom(
    'use Bearer abcdef12 here',
    '4111111111111111',
    'tab\t',
    'password 4111111111111111',
    'ümlaut',
    '\u2028',
    'pin',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const texts = fc.oneof(
  fc.constantFrom(
    '',
    'plain',
    'Bearer abcdef12',
    'password=x',
    'a: b',
    'pwd: "x y"',
    '4111 1111 1111 1111',
    '\ud800',
    '\\',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    texts,
    fc.constantFrom(0, -1, 1.5, 1e21, 4111111111111111, 4111111111111112, 2147483648, true, false, null),
    // Longer ones are compared with card numbers digit by digit in a text alone: a value has lost some.
    fc.double({ noNaN: true, min: -9e15, max: 9e15 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs) as unknown),
  ),
})).value;

/** The first three become secret. */
const fewNames = fc.oneof(
  fc.constantFrom('b', 'note', 'c'),
  fc.constantFrom('a', 'pin', 'name', 'value', '__proto__', 'constructor', '1', 'pin=7'),
  fc.constantFrom(String.raw`\u0062`, String.raw`p\u0069n`, String.raw`no\u0074e`, String.raw`\"`),
);
/** Texts of few names, so that they come again in another order, with other escapes, and in other places. */
const document = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('1', 'null', '""', '4111111111111111', '"x"', '"pin=7"', String.raw`"\u0042earer abcdef12"`),
    fc.constantFrom('"/reset/abc"', '"--pin 7"', '"eyJhbGciOiJIUzI1NiJ9.eyJ"', String.raw`"\/reset\/abc"`),
    fc.array(tie('part'), { maxLength: 3 }).map((parts) => `[${parts.join()}]`),
    fc.array(fc.tuple(fewNames, fc.constantFrom('', ' ', '\n'), tie('part')), { maxLength: 5 }).map((members) => {
      return `{${members.map(([name, blank, part]) => `${blank}"${name}"${blank}:${blank}${part}`).join()}}`;
    }),
  ),
})).part;

describe('json', () => {
  it('shows what the value would show, however the text is laid out', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 1, '\t', '\r\n '), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        assert.deepEqual(
          JSON.parse(shown(text) as string),
          JSON.parse(JSON.stringify(redactor.value(JSON.parse(text), 'x'))),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('is JSON exactly where JSON.parse says so', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '"b"',
      '1',
      '-',
      '0',
      '01',
      '.5',
      'e9',
      'true',
      'nul',
      ' ',
      '\n',
      '\\',
      '\\u00',
      '\t',
      '\u00a0',
      '\ufeff',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 9 }).map((parts) => parts.join('')),
        (text) => {
          assert.equal(shown(text) !== undefined, isJson(text), text);
          assert.equal(shown(`[${text}]`) !== undefined, isJson(`[${text}]`), text);
          assert.equal(shown(`{"a":${text}}`) !== undefined, isJson(`{"a":${text}}`), text);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('keeps numbers as they were sent', () => {
    const text = '[12345678901234567890,1.0,-0,1e2,0.1000]';
    assert.equal(shownAsText(text), text);
  });

  it('masks a card number also where no number is so exact', () => {
    assert.equal(
      shownAsText('[4000000000000000006,4111111111111111.0,4.111111111111111e15]'),
      shown(`["x"]`)?.replace('"x"', '"[REDACTED]","[REDACTED]","[REDACTED]"'),
    );
  });

  it('leaves out blanks, but none in a text', () => {
    assert.equal(shownAsText(' {\n  "a b" : [ 1 , "c  d" ] ,\r\n\t"e":{ } }\n'), '{"a b":[1,"c  d"],"e":{}}');
  });

  it('masks whatever a secret name holds, and keeps what hides nothing', () => {
    assert.equal(
      shownAsText(
        '{"password":{"a":["Bearer abcdef12",1]},"pin":1234,"otp":null,"cvv":"","pwd":[],"secret":false,"n":1}',
      ),
      '{"password":"[REDACTED]","pin":"[REDACTED]","otp":null,"cvv":"","pwd":"[REDACTED]","secret":"[REDACTED]","n":1}',
    );
  });

  it('reads escaped names', () => {
    assert.equal(
      shownAsText(String.raw`{"pass\u0077ord":"x","a\/b":"c\/d"}`),
      String.raw`{"pass\u0077ord":"[REDACTED]","a\/b":"c\/d"}`,
    );
  });

  it('finds a secret behind escapes', () => {
    assert.equal(shownAsText(String.raw`["\u0042earer abcdef12"]`), '["Bearer [REDACTED]"]');
  });

  it('shows a name that stands twice once, by its last value', () => {
    assert.equal(shown('{"a":1,"b":2,"a":3}'), '{"a":3,"b":2}');
    assert.equal(shown(String.raw`{"a":1,"\u0061":3}`), '{"a":3}');
  });

  it('masks what a label calls secret', () => {
    assert.equal(shown('[{"name":"password","value":"x"}]'), '[{"name":"password","value":"[REDACTED]"}]');
  });

  it('hides a name that becomes secret after it was seen, first or behind another', () => {
    for (const text of ['{"note":"seen"}', '{"a":1,"note":"seen"}']) {
      const own = createRedactor();
      assert.deepEqual(own.json(text, 'x'), new JsonText(text));
      own.addNames(['note']);
      assert.deepEqual(own.json(text, 'x'), new JsonText(text.replace('seen', '[REDACTED]')));
    }
  });

  it('is shown as if nothing had come before it, but names that have become secret', () => {
    const rules = [
      {},
      { urlPaths: ['/reset/:token'] },
      { rules: [{ names: ['a', 'pin'], action: 'remove' as const }] },
    ];
    const step = fc.oneof({ weight: 8, arbitrary: document }, { weight: 2, arbitrary: fc.constant(null) });
    fc.assert(
      fc.property(fc.constantFrom(...rules), fc.array(step, { maxLength: 40 }), (redaction, steps) => {
        const warm = createRedactor(redaction);
        const secret: string[] = [];
        for (const text of steps) {
          if (text === null) {
            const name = ['b', 'note', 'c'][secret.length % 3] as string;
            secret.push(name);
            warm.addNames([name]);
            continue;
          }
          const fresh = createRedactor(redaction);
          fresh.addNames(secret);
          assert.deepEqual(warm.json(text, 'x'), fresh.json(text, 'x'), text);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('survives a text that is all brackets', () => {
    for (const opening of ['[', '{"a":']) assert.equal(shown(opening.repeat(100_000)), undefined);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
