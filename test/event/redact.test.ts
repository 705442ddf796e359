import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createRedactor } from '../../src/event/redact.ts';
import { redactText } from '../../src/event/redact-text.ts';
import { redactUrl } from '../../src/event/url-encoded.ts';

const redactor = createRedactor();

/** Hex that is part of no other word. */
const SECRET = 'f00dfacecafe';
const SECRET_NAMES = [
  'password',
  'userPassword',
  'client_secret',
  'accessToken',
  'X-Api-Key',
  'credentials',
  'session_id',
  'cvv',
  'pin',
  'Cookie',
];

describe('value', () => {
  it('masks secret names at any depth, whatever they hold', () => {
    assert.deepEqual(
      redactor.value(
        { a: [{ userPassword: 'x', n: 1 }], credentials: { user: 'x', list: [1] }, pin: 1234, otp: true },
        'request.body',
      ),
      { a: [{ userPassword: '[REDACTED]', n: 1 }], credentials: '[REDACTED]', pin: '[REDACTED]', otp: '[REDACTED]' },
    );
  });

  it('keeps null and the empty text under a secret name', () => {
    assert.deepEqual(redactor.value({ password: null, token: '', secret: undefined }, 'x'), {
      password: null,
      token: '',
    });
  });

  it('masks secrets in texts, numbers and names, wherever they stand', () => {
    assert.deepEqual(
      redactor.value(
        {
          note: 'use Bearer abc1',
          n: 4111111111111111,
          negative: -4111111111111111,
          big: 4111111111111111n,
          '4111111111111111': 1,
          log: 'pwd=x, a=b',
        },
        'x',
      ),
      {
        note: 'use Bearer [REDACTED]',
        n: '[REDACTED]',
        negative: '[REDACTED]',
        big: '[REDACTED]',
        '[REDACTED]': 1,
        log: 'pwd=[REDACTED], a=b',
      },
    );
  });

  it('masks secrets in names that are more than a name', () => {
    assert.deepEqual(
      redactor.value({ 'password=x': 1, '{"pass":"x","a":1}': 2, 'password:current': 3, 'smtp:pass': 4 }, 'x'),
      {
        'password=[REDACTED]': '[REDACTED]',
        '{"pass":"[REDACTED]","a":1}': 2,
        'password:[REDACTED]': '[REDACTED]',
        'smtp:pass': '[REDACTED]',
      },
    );
    assert.deepEqual(redactor.form('{"password":"x"}', 'query'), { '{"password":"[REDACTED]"}': '' });
    assert.equal(redactor.url('/x?{"password":"x"}'), '/x?{"password":"[REDACTED]"}');
  });

  it('masks the value that a name beside it tells to be secret', () => {
    assert.deepEqual(
      redactor.value(
        [
          { name: 'password', value: 'x' },
          { op: 'add', path: '/user/token', value: { a: 1 } },
          { key: 'size', value: 1 },
        ],
        'x',
      ),
      [
        { name: 'password', value: '[REDACTED]' },
        { op: 'add', path: '/user/token', value: '[REDACTED]' },
        { key: 'size', value: 1 },
      ],
    );
  });

  const date = new Date('2024-01-02T03:04:05.678Z');
  const copies: readonly (readonly [what: string, value: unknown, shown: unknown])[] = [
    [
      'JSON as it is',
      { a: 'x', b: 1.5, c: true, d: null, e: [1, 'y'] },
      { a: 'x', b: 1.5, c: true, d: null, e: [1, 'y'] },
    ],
    [
      'no undefined, functions and symbols in objects',
      { a: undefined, b: () => 1, c: Symbol('x'), [Symbol('s')]: 1, d: 1 },
      { d: 1 },
    ],
    ['null for them in lists', [undefined, () => 1, Symbol('x')], [null, null, null]],
    ['null for numbers that JSON lacks', [NaN, Infinity, -Infinity], [null, null, null]],
    ['a plain zero', { a: -0 }, { a: 0 }],
    ['bigints as text', { a: 12345678901234567890n }, { a: '12345678901234567890' }],
    ['dates in UTC', [date, new Date(NaN)], ['2024-01-02T03:04:05.678Z', null]],
    ['no binary', [Buffer.from('x'), new Uint8Array(2), new ArrayBuffer(1)], Array(3).fill('Binary content')],
    [
      'a Map as an object',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
        ['password', 'x'],
      ]),
      { a: 1, 2: 'b', password: '[REDACTED]' },
    ],
    ['a Set as a list', new Set([1, 'a']), [1, 'a']],
    [
      'an Error with its message redacted',
      Object.assign(new TypeError('token=abc failed', { cause: 'x' }), { code: 'E' }),
      { name: 'TypeError', message: 'token=[REDACTED] failed', code: 'E', cause: 'x' },
    ],
    ['what toJSON says', { a: { toJSON: () => ({ password: 'x', b: 1 }) } }, { a: { password: '[REDACTED]', b: 1 } }],
    ['boxed values as plain ones', [Object('x'), Object(1)], ['x', 1]],
    [
      '[Unreadable] for what throws',
      {
        get a() {
          throw new Error('no');
        },
        b: 1,
        c: {
          toJSON() {
            throw new Error('no');
          },
        },
      },
      { a: '[Unreadable]', b: 1, c: '[Unreadable]' },
    ],
    [
      'well-formed text',
      { a: 'x\ud800', b: '\udc00 longer text', c: '😀 is fine here' },
      { a: 'x\ufffd', b: '\ufffd longer text', c: '😀 is fine here' },
    ],
  ];
  for (const [what, value, shown] of copies) {
    it(`copies ${what}`, () => assert.deepEqual(redactor.value(value, 'x'), shown));
  }

  it('is a copy: later changes don’t reach it, and it changes nothing', () => {
    const source = { list: [1], password: 'x' };
    const copy = redactor.value(source, 'x');
    source.list.push(2);
    assert.deepEqual(copy, { list: [1], password: '[REDACTED]' });
    assert.equal(source.password, 'x');
  });

  it('says where a cycle closes and copies what is merely shared', () => {
    const shared = { a: 1 };
    const cyclic: { [key: string]: unknown } = { one: shared, two: shared };
    cyclic['self'] = cyclic;
    assert.deepEqual(redactor.value(cyclic, 'x'), { one: { a: 1 }, two: { a: 1 }, self: '[Circular]' });
  });

  it('ends at 16 levels', () => {
    const nested = JSON.parse('['.repeat(17) + ']'.repeat(17)) as unknown;
    assert.equal(JSON.stringify(redactor.value(nested, 'x')), '['.repeat(16) + '"[Too deep]"' + ']'.repeat(16));
  });

  it('ends after 10 000 values, and says so once', () => {
    const shown = JSON.stringify(redactor.value({ a: { b: Array(20_000).fill(1), c: 1 }, d: 1 }, 'x'));
    assert.equal(shown.split('[Truncated]').length, 2);
    assert.ok(shown.length < 30_000);
    const wide = redactor.object(Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at])), 'x');
    assert.equal(Object.keys(wide).length, 10_001);
    assert.equal(Object.values(wide).at(-1), '[Truncated]');
  });

  it('cuts texts at 64 Ki, between characters, after redaction', () => {
    assert.equal(redactor.value('x'.repeat(65_535) + '😀', 'x'), 'x'.repeat(65_535));
    const straddling = redactor.value(`${'x '.repeat(32_760)}password=${SECRET}`, 'x');
    assert.ok(!String(straddling).includes(SECRET.slice(0, 3)));
  });

  it('is not polluted by __proto__', () => {
    const shown = redactor.object(JSON.parse('{"__proto__":{"polluted":1,"password":"x"},"a":1}') as object, 'x');
    assert.equal(JSON.stringify(shown), '{"__proto__":{"polluted":1,"password":"[REDACTED]"},"a":1}');
    assert.equal((shown as { polluted?: unknown }).polluted, undefined);
  });

  it('survives hostile proxies', () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
        getPrototypeOf: () => {
          throw new Error('no');
        },
      },
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    assert.deepEqual(redactor.value([hostile, proxy], 'x'), ['[Unreadable]', '[Unreadable]']);
  });
});

describe('object and field', () => {
  it('are empty for what is no object', () => {
    assert.deepEqual(redactor.object([1], 'x'), {});
    assert.deepEqual(redactor.object(new Date(0), 'x'), {});
  });

  it('redact by the name', () => {
    assert.equal(redactor.field('Authorization', 'Bearer x', 'request.headers'), '[REDACTED]');
    assert.equal(redactor.field('accept', '*/*', 'request.headers'), '*/*');
    assert.deepEqual(redactor.field('a', { password: 'x' }, 'form'), { password: '[REDACTED]' });
  });

  it('don’t take the root for a name', () => {
    assert.deepEqual(redactor.object({ id: 1 }, 'Token'), { id: 1 });
  });
});

describe('text', () => {
  const cases: readonly (readonly [text: string, shown: string])[] = [
    ['password=hunter2', 'password=[REDACTED]'],
    ['pin:1', 'pin:[REDACTED]'],
    ['login failed (password: hunter2, user: bob)', 'login failed (password: [REDACTED], user: bob)'],
    ['password: "hun \\" ter2" ok', 'password: "[REDACTED]" ok'],
    ['{"password":"hunter2","a":"b"}', '{"password":"[REDACTED]","a":"b"}'],
    ['{"password":"hun', '{"password":"[REDACTED]'],
    ['{"password":"hun"ter2","a":"b"}', '{"password":"[REDACTED]","a":"b"}'],
    ['{"pin":1234,"a":1', '{"pin":"[REDACTED]","a":1'],
    ['{"pass\\u0077ord":"x1"}', '{"pass\\u0077ord":"[REDACTED]"}'],
    ['{"a":"{\\"password\\":\\"x\\\\\\"y\\",\\"b\\":1}"}', '{"a":"{\\"password\\":\\"[REDACTED]\\",\\"b\\":1}"}'],
    ['{"a":"{\\"password\\":\\"x\\\\\\", y\\",\\"b\\":1}"}', '{"a":"{\\"password\\":\\"[REDACTED]\\",\\"b\\":1}"}'],
    ['{"a":"{\\"password\\":\\"x","user":"bob"}', '{"a":"{\\"password\\":\\"[REDACTED]","user":"bob"}'],
    ['{"credentials":{"a":"}","b":[1]},"c":1', '{"credentials":"[REDACTED]","c":1'],
    ['{"credentials":{"a":"x","b":"y', '{"credentials":"[REDACTED]"'],
    ["{ password: 'it\\'s', b: 'c' }", "{ password: '[REDACTED]', b: 'c' }"],
    ['{"password":null,"token":""}', '{"password":null,"token":""}'],
    ["Map(1) { 'password' => 'x' }", "Map(1) { 'password' => '[REDACTED]' }"],
    ["WHERE password = 'it''s' AND a = 1", "WHERE password = '[REDACTED]' AND a = 1"],
    ['<a><password type="x">hunter2</password></a>', '<a><password type="x">[REDACTED]</password></a>'],
    ['<wsse:Password>hun', '<wsse:Password>[REDACTED]'],
    ['Authorization: Digest a="b", c\nHost: x', 'Authorization: [REDACTED]\nHost: x'],
    ['curl -H \'Cookie: a="b"; c=d\' http://x', "curl -H 'Cookie: [REDACTED]' http://x"],
    ['GET /x?token=abc&x=1', 'GET /x?token=[REDACTED]&x=1'],
    ['user%5Bpassword%5D=abc&b=1', 'user%5Bpassword%5D=[REDACTED]&b=1'],
    ['mysql --password hunter2 -v', 'mysql --password [REDACTED] -v'],
    ['your api key: abc, bye', 'your api key: [REDACTED], bye'],
    ['authorization=Token abc x', 'authorization=[REDACTED] x'],
    ['Key (email)=(a@b.c) already exists', 'Key (email)=(a@b.c) already exists'],
    ['Key (tenant, api_key)=(1, abc) already exists', 'Key (tenant, api_key)=[REDACTED] already exists'],
    [
      '{"name":"password","value":"x"},{"name":"a","value":"b"}',
      '{"name":"password","value":"[REDACTED]"},{"name":"a","value":"b"}',
    ],
    [
      'form-data; name="pin"\r\n\r\n1234\r\n--b\r\nname="a"\r\n\r\nb',
      'form-data; name="pin"\r\n\r\n[REDACTED]\r\n--b\r\nname="a"\r\n\r\nb',
    ],
    ['private_key=-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nx', 'private_key=[REDACTED]\nx'],
    ['<pre>{&quot;pin&quot;:&quot;x&quot;} &#39;a&#39;', '<pre>{"pin":"[REDACTED]"} \'a\''],
    ['{&#34;pin&#34;:&#x22;x&#x22;}', '{"pin":"[REDACTED]"}'],
    ['&lt;pin&gt;x&lt;/pin&gt; &amp; y', '<pin>[REDACTED]</pin> &amp; y'],
    ['no /x?f=%7B%22pin%22%3A%22a+b%22%7D&b=%20 there', 'no /x?f={"pin":"[REDACTED]"}&b=  there'],
    ['no /x?f=%7B%22a%22%3A%22x%22%7D there', 'no /x?f=%7B%22a%22%3A%22x%22%7D there'],
    ['pin&#x3D;x', 'pin=[REDACTED]'],
    ['<p>&quot;a&quot;: &lt;b&gt;', '<p>&quot;a&quot;: &lt;b&gt;'],
    ['at 10:20:30, see https://example.com/author:x', 'at 10:20:30, see https://example.com/author:x'],
    ['at read (/app/secrets.ts:12:5)', 'at read (/app/secrets.ts:12:5)'],
    ['password error: wrong length', 'password error: wrong length'],
    ['', ''],
  ];
  for (const [text, shown] of cases) {
    it(`shows ${JSON.stringify(shown)}`, () => assert.equal(redactor.text(text), shown));
  }

  it('leaves alone what it has redacted', () => {
    for (const [, shown] of cases) assert.equal(redactor.text(shown), shown);
  });
});

describe('form', () => {
  it('reads a query with or without its question mark', () => {
    assert.deepEqual(redactor.form('?a=1&b=x+y%20z&c&=d', 'query'), { a: '1', b: 'x y z', c: '', '': 'd' });
    assert.deepEqual(redactor.form('', 'query'), {});
  });

  it('makes a list of a repeated name', () => {
    assert.deepEqual(redactor.form('a=1&a=2&token=x&token=y', 'query'), { a: ['1', '2'], token: '[REDACTED]' });
  });

  it('redacts by names and in values, also escaped ones', () => {
    assert.deepEqual(
      redactor.form('user%5Bpassword%5D=x&filter=%7B%22pin%22%3A%221%22%7D&__proto__=1', 'query'),
      JSON.parse('{"user[password]":"[REDACTED]","filter":"{\\"pin\\":\\"[REDACTED]\\"}","__proto__":"1"}'),
    );
  });

  it('keeps malformed escapes, and finds what is between them', () => {
    assert.deepEqual(redactor.form('f=%7B%22pin%22%3A%22%e4x%22%7D', 'query'), { f: '{"pin":"[REDACTED]"}' });
    assert.deepEqual(redactor.form('a=%zz&b=%e4%41&c=%', 'query'), { a: '%zz', b: '%e4A', c: '%' });
  });
});

describe('url', () => {
  const cases: readonly (readonly [url: string, shown: string])[] = [
    ['/a/b?page=2&q=x+y%20z&r', '/a/b?page=2&q=x+y%20z&r'],
    ['https://u:p@host/x?token=abc&b=1#top', 'https://[REDACTED]@host/x?token=[REDACTED]&b=1#top'],
    ['/x?q=Bearer%20abc1&%74oken=1', '/x?q=Bearer%20[REDACTED]&%74oken=[REDACTED]'],
    ['/x?filter=%7B%22password%22%3A%22x%22%7D', '/x?filter={"password":"[REDACTED]"}'],
    ['/cart;jsessionid=ABC/items;a=b', '/cart;jsessionid=[REDACTED]/items;a=b'],
    ['/cb#access_token=abc&state=1', '/cb#access_token=[REDACTED]&state=1'],
    ['/cards/4111111111111111', '/cards/[REDACTED]'],
    ['/cards/4111%201111%201111%201111/%20', '/cards/[REDACTED]/%20'],
    ['/x/%7B%22pin%22:1%7D/y', '/x/{"pin":"[REDACTED]"}/y'],
    ['/x/pin=1/a=2', '/x/pin=[REDACTED]/a=2'],
    ['/v1/token:verify/a%20b', '/v1/token:verify/a%20b'],
    ['', ''],
  ];
  for (const [url, shown] of cases) {
    it(`shows ${shown}`, () => assert.equal(redactor.url(url), shown));
  }
});

describe('options', () => {
  it('add names, whatever the case and the separators', () => {
    const redacts = createRedactor({ names: ['ibanCode'] });
    assert.deepEqual(redacts.value({ IBAN_CODE: 'x', iban: 'y' }, 'x'), { IBAN_CODE: '[REDACTED]', iban: 'y' });
    assert.equal(redacts.text('iban-code=x'), 'iban-code=[REDACTED]');
  });

  it('add paths, which count by their end', () => {
    const redacts = createRedactor({
      paths: ['User.notes', 'headers.X-Internal', 'items.*.price', 'query.email', 'request.body.raw'],
    });
    assert.deepEqual(redacts.value({ notes: 'x', a: { notes: 'y' } }, 'User'), {
      notes: '[REDACTED]',
      a: { notes: 'y' },
    });
    assert.equal(redacts.field('x-internal', 'x', 'request.headers'), '[REDACTED]');
    assert.deepEqual(redacts.value({ items: [{ price: 1, n: 2 }], price: 3 }, 'request.body'), {
      items: [{ price: '[REDACTED]', n: 2 }],
      price: 3,
    });
    assert.equal(redacts.url('/x?email=a@b.c'), '/x?email=[REDACTED]');
    assert.equal(redacts.value('all of it', 'request.body.raw'), '[REDACTED]');
    assert.equal(redacts.text('{"notes":"x'), '{"notes":"[REDACTED]');
  });

  it('allow names, but no values', () => {
    const redacts = createRedactor({ allow: ['token'] });
    assert.deepEqual(redacts.value({ token: 'x', Token: 'Bearer abc1', password: 'y' }, 'x'), {
      token: 'x',
      Token: 'Bearer [REDACTED]',
      password: '[REDACTED]',
    });
  });

  it('remove', () => {
    const redacts = createRedactor({ rules: [{ names: ['password'], paths: ['list.0'], action: 'remove' }] });
    assert.deepEqual(redacts.value({ password: 'x', a: 1, list: [1, 2] }, 'x'), { a: 1, list: [2] });
    assert.equal(redacts.field('password', 'x', 'x'), undefined);
    assert.deepEqual(redacts.form('password=x&a=1', 'query'), { a: '1' });
    assert.equal(redacts.url('/x?password=x&a=1'), '/x?a=1');
    assert.equal(redacts.text('password=x'), 'password=[REDACTED]');
  });

  it('hash, the same for the same value wherever it stands', () => {
    const redacts = createRedactor({
      rules: [{ names: ['email', 'address'], action: 'hash' }],
      hashKey: 'sixteen letters!',
    });
    const shown = redacts.value(
      [{ email: 'a@b.c' }, { email: 'a@b.c' }, { email: 'x' }, { address: { zip: 1 } }],
      'x',
    ) as { email: string; address: string }[];
    assert.match(String(shown[0]?.email), /^\[HASH:[\da-f]{16}\]$/);
    assert.match(String(shown[3]?.address), /^\[HASH:[\da-f]{16}\]$/);
    assert.equal(shown[0]?.email, shown[1]?.email);
    assert.notEqual(shown[0]?.email, shown[2]?.email);
    assert.equal(redacts.text('{"email":"a@b.c"'), `{"email":"${shown[0]?.email}"`);
    assert.deepEqual(redacts.form('email=a%40b.c', 'query'), { email: shown[0]?.email });
  });

  it('take more names later, which allow beats', () => {
    const later = createRedactor({ allow: ['height'] });
    assert.deepEqual(later.value({ diagnosis: 'x' }, 'x'), { diagnosis: 'x' });
    later.addNames(['diagnosis', 'height']);
    assert.deepEqual(later.value({ Diagnosis: 'x', diagnosis: 'y', height: 1 }, 'x'), {
      Diagnosis: '[REDACTED]',
      diagnosis: '[REDACTED]',
      height: 1,
    });
    assert.equal(later.text('diagnosis=x'), 'diagnosis=[REDACTED]');
  });

  const wrong: readonly (readonly [options: object, message: RegExp])[] = [
    [{ names: 'password' }, /redaction\.names: expected a list of texts.*got "password" \(string\)/],
    [{ paths: [1] }, /redaction\.paths: .*got \[1\]/],
    [
      { rules: [{ names: ['a'], action: 'drop' }] },
      /redaction\.rules\[0\]\.action: expected 'mask', 'remove' or 'hash', got "drop"/,
    ],
    [{ rules: [{ names: ['a'], action: 'hash' }] }, /redaction\.hashKey: expected .*got undefined/],
    [{ hashKey: 'short key' }, /redaction\.hashKey: expected a text of at least 16 characters, got 9/],
  ];
  for (const [options, message] of wrong) {
    it(`are refused: ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => createRedactor(options),
        (error: Error) =>
          error instanceof TypeError && message.test(error.message) && !error.message.includes('short key'),
      );
    });
  }
});

describe('whatever comes', () => {
  const secretName = fc.constantFrom(...SECRET_NAMES);
  const planted = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(secretName, fc.string(), fc.string()).map(([name, a, b]) => ({ [name]: a + SECRET + b })),
      fc.tuple(secretName, fc.jsonValue({ maxDepth: 1 })).map(([name, other]) => ({ [name]: { other, at: [SECRET] } })),
      fc.tuple(fc.jsonValue({ maxDepth: 1 }), tie('node'), fc.jsonValue({ maxDepth: 1 })),
      fc
        .tuple(fc.string(), fc.jsonValue({ maxDepth: 1 }), fc.string(), tie('node'))
        .map(([a, before, b, node]) => ({ [a]: before, [b]: node })),
    ),
  })).node;

  it('a secret under a secret name is never shown', () => {
    fc.assert(fc.property(planted, (document) => !JSON.stringify(redactor.value(document, 'x')).includes(SECRET)));
  });

  it('nor in the document’s text, cut anywhere, indented or not, quoted again or not', () => {
    fc.assert(
      fc.property(planted, fc.nat(), fc.boolean(), fc.nat(2), (document, cut, indented, quotings) => {
        let text = JSON.stringify(document, null, indented ? 2 : 0);
        for (let time = 0; time < quotings; time += 1) text = JSON.stringify({ text });
        return !redactor.text(text.slice(0, cut % (text.length + 1))).includes(SECRET.slice(0, 6));
      }),
      { numRuns: 500 },
    );
  });

  it('value doesn’t throw, and gives plain JSON', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
      withObjectString: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const shown = redactor.value(value, 'x');
        assert.deepStrictEqual(shown, JSON.parse(JSON.stringify(shown)));
      }),
    );
  });

  it('text, url and form don’t throw, and are done after once', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...Array.from('{}[]():="\'\\<>/&;,. -aepiny@%?#\n4:')) }),
        ),
        (text) => {
          redactor.text(redactor.text(text));
          redactor.url(text);
          redactor.form(text, 'x');
        },
      ),
    );
  });
});

describe('time', () => {
  const adversaries = [
    'a',
    '"',
    '\\',
    '\\"',
    ':',
    '=',
    ': ',
    'a:',
    '"a":',
    '{',
    '[',
    '<a',
    '<password>',
    '</',
    '--a ',
    '--password ',
    '\n\n',
    ' ',
    '://',
    '://a',
    '://a:',
    '@',
    'eyJ',
    'eyJa.',
    'Bearer ',
    'bearer',
    'Basic a ',
    '4111 ',
    '4',
    '4-',
    '-----BEGIN A-----',
    '-',
    '%',
    '%7B',
    '%22',
    '%22:',
    '&lt;',
    '&lt;a&gt;',
    '&quot;:',
    '4111%20',
    '{"{',
    '{"a":',
    '"a":{"password":',
    '\\"{',
    '&a=',
    'token=',
    'token="',
    'Key (a)=',
    ';a=',
    '\ud800',
  ];
  for (const unit of adversaries) {
    it(`is linear over and over ${JSON.stringify(unit)}`, { timeout: 10_000 }, () => {
      const text = unit.repeat(1_000_000 / unit.length);
      // Past the limits that the redactor sets.
      redactText(text, () => () => 'x');
      redactText(`password=${text}`, (name) => (name === 'password' ? () => 'x' : undefined));
      redactUrl(
        text,
        (name, value) => [name, value],
        (shown) => shown,
      );
      redactor.form(text, 'x');
      redactor.url(text);
      redactor.value({ [text]: text }, 'x');
    });
  }
});
