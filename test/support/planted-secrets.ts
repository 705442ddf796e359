/** Random exchanges with secrets in them, wherever docs/redaction.md promises to find one, next to what is none. */
import zlib from 'node:zlib';

import * as fc from 'fast-check';

/** What every part of a planted secret holds, and nothing else. */
const MARK = 'Zq7x';
/** The same of what other code logs, which goes to an exporter of its own as it is. */
const LOG_MARK = 'Lq5v';
/** What every planted card number holds. */
const CARD_MARK = '338833388';

/** The operator's own words. */
export const OWN_NAMES = ['iban', 'mothers_name'];
export const OWN_URL_PATHS = ['/reset/:token', '/mounted/:key', '/invite/*/:code'];

/** As much of a body as a record shows: less than by default, so that many are cut. */
export const MAX_BODY_BYTES = 2048;

/** Where a text shows a part of a secret, however it is escaped; undefined if it doesn't. */
export function leakIn(text: string, isForeign = false): string | undefined {
  for (const read of [text, unescaped(text), percentDecoded(text)]) {
    const at = read.search(isForeign ? LEAK : ANY_LEAK);
    if (at >= 0) return read.slice(Math.max(0, at - 200), at + 60);
  }
  return undefined;
}

const LEAK = new RegExp(`${MARK}|${CARD_MARK.split('').join('[ +-]?')}`);
const ANY_LEAK = new RegExp(`${LEAK.source}|${LOG_MARK}`);

function unescaped(text: string): string {
  return text
    .replace(/\\+u00([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replaceAll('\0', '');
}

function percentDecoded(text: string): string {
  return text.replace(/%(?:25)*([2-7][\da-f])/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

/** An exchange as `test/fixtures/secrets/exchanges.mjs` does it. */
export interface Plan {
  readonly id: string;
  readonly client: 'http' | 'http2' | 'fetch';
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  /** A character is a byte. */
  readonly body: string;
  readonly chunkBytes: number;
  readonly breakOffAt: number | undefined;
  readonly reason: string | undefined;
  readonly isDead: boolean;
  readonly upgrade: boolean;
  readonly auth: string | undefined;
  readonly trailers: object | undefined;
  readonly error: string | undefined;
  readonly log: object | undefined;
  readonly response: {
    readonly status: number;
    readonly headers: readonly Header[];
    readonly body: string;
    readonly breakOffAt: number | undefined;
    readonly trailers: object | undefined;
  };
  /** Texts of no secret, which the records show. */
  readonly innocent: readonly string[];
}

type Header = readonly [name: string, value: string];

const marks = (between: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(between, { maxLength: 6 }).map((parts) => [MARK, ...parts.map((part) => part + MARK)].join(''));

/** One word in any notation. */
const word = marks(fc.constantFrom('', '.', '-', '_', '~', '/', '!', '$', '*', '9', 'é'.normalize()));
const asciiWord = marks(fc.constantFrom('', '.', '-', '_', '~', '9'));
/** What only a quoted notation can hold. */
const anything = marks(
  fc.oneof(
    fc.constantFrom(
      '"',
      "'",
      '\\',
      '\\"',
      '\n',
      ', ',
      '": "',
      '}',
      ']',
      '{',
      '<',
      '>',
      '&',
      '=',
      ':',
      '%',
      '\u2028',
      '😀',
      ' ',
    ),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
  ),
);
const headerText = marks(fc.constantFrom('', ' ', ', ', '; ', '=', '"', "'", '\\', 'ÿ', ':', '<', '{', '}'));

const CASES: readonly ((words: readonly string[]) => string)[] = [
  (words) => words.join('_'),
  (words) => words.join('-'),
  (words) => words.join('_').toUpperCase(),
  (words) => words.map((one, i) => (i === 0 ? one : capitalised(one))).join(''),
  (words) => words.map(capitalised).join('-'),
];

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

const secretWords = fc
  .tuple(
    fc.constantFrom('', '', 'user', 'new', 'my', 'db'),
    fc
      .constantFrom(
        'password passphrase secret token authorization cookie credentials cvv pin otp ssn'.split(' '),
        ['client_secret', 'access_token', 'csrf_token', 'api_key', 'private_key', 'session_id', 'credit_card_number'],
        ['refresh_token', 'one_time_code', 'social_security_number', 'mfa_code', 'x_api_key', 'signing_key'],
      )
      .chain((names) => fc.constantFrom(...names)),
    fc.constantFrom('', '', '2'),
  )
  .map(([before, name, after]) => `${before}_${name}${after}`.split('_').filter((part) => part !== ''));
const namedBy = fc.tuple(secretWords, fc.constantFrom(...CASES)).map(([words, inCase]) => inCase(words));
const secretName = fc.oneof(
  { weight: 5, arbitrary: namedBy },
  { weight: 1, arbitrary: fc.constantFrom(...OWN_NAMES, 'IBAN') },
);
const bracketed = fc.oneof(
  secretName,
  namedBy.map((name) => `user[${name}]`),
  secretName.map((name) => `${name}[]`),
);
const innocentName = fc.constantFrom('title', 'note', 'q', 'items', 'author', 'shipping', 'user', 'a.b', 'data', 'x');
const innocentText = fc.constantFrom(
  'fine',
  'hello world',
  'a=b',
  'x: y',
  '{}',
  '',
  '1',
  'it’s ok',
  'a "b" c',
  '<b>',
  '5%',
);

function luhn(digits: string): string {
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, i) => {
      const doubled = i % 2 === 0 ? Number(digit) * 2 : Number(digit);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return digits + String((10 - (sum % 10)) % 10);
}

const cardDigits = (length: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('4', '5', '6', '3'),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 }),
    )
    .map(([first, rest]) => luhn((first + CARD_MARK + rest.join('')).slice(0, length - 1)));
const card = fc.oneof(
  fc.integer({ min: 13, max: 19 }).chain(cardDigits),
  fc.tuple(cardDigits(16), fc.constantFrom(' ', '-')).map(([digits, sign]) => digits.match(/.{4}/g)?.join(sign) ?? ''),
);
const jwt = fc
  .tuple(asciiWord, asciiWord)
  .map(
    ([claims, signature]) => `eyJhbGciOiJIUzI1NiJ9.eyJ${claims.replace(/[.~]/g, '')}.${signature.replace(/[.~]/g, '')}`,
  );
const bearer = fc
  .tuple(fc.constantFrom('Bearer', 'bearer', 'BEARER'), word)
  .map(([scheme, token]) => `${scheme} ${token.replace(/[!*$é]/g, '')}`);
const basic = fc
  .tuple(fc.constantFrom('Basic', 'basic'), fc.nat({ max: 8 }))
  .map(([scheme, n]) => `${scheme} YWI6${MARK.repeat(n + 1)}`);
const userInfo = asciiWord.map((password) => `https://ann:${password}@db.example/x`);
const pem = fc.nat({ max: 5 }).map((n) => {
  const lines = `${MARK.repeat(10)}\n`.repeat(n + 1);
  return `-----BEGIN PRIVATE KEY-----\n${lines}-----END PRIVATE KEY-----`;
});
/** Gives itself away, on one line. */
const telling = fc.oneof(card, jwt, bearer, basic, userInfo);
const prose = fc
  .tuple(fc.constantFrom('', 'see ', 'a, ', '(', 'key: '), telling, fc.constantFrom('', ' ok', ', b', ')'))
  .map((parts) => parts.join(''));

/** The path of a URL as its owner has it, with what the operator named. */
const secretPath = fc.oneof(
  asciiWord.map((token) => `/reset/${token}`),
  asciiWord.map((token) => `/api/v2/Reset/${token}/confirm`),
  fc.tuple(asciiWord, innocentName).map(([key, rest]) => `/mounted/${key}/${rest}`),
  asciiWord.map((code) => `/invite/team/${code}`),
  asciiWord.map((token) => `/%72eset/${token}`),
  fc.oneof(jwt, card).map((one) => `/files/${encodeURIComponent(one)}/x`),
  fc.tuple(secretName, asciiWord).map(([name, value]) => `/cart;${name}=${value}/items`),
);

const encodedMore = fc.constantFrom(encodeURIComponent, (text: string) =>
  encodeURIComponent(text).replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
);
const plus = fc.constantFrom('%20', '+');
const encodedPair = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(name, value, encodedMore, encodedMore, plus)
    .map(([one, other, ofName, ofValue, blank]) => `${ofName(one)}=${ofValue(other)}`.replaceAll('%20', blank));
const secretPair = fc.oneof(
  encodedPair(bracketed, anything),
  encodedPair(innocentName, prose),
  encodedPair(
    innocentName,
    fc.tuple(secretName, asciiWord).map(([name, value]) => JSON.stringify({ a: 1, [name]: value })),
  ),
  encodedPair(
    innocentName,
    asciiWord.map((token) => `/reset/${token}`),
  ),
);
const innocentPair = encodedPair(innocentName, innocentText);
const query = fc
  .tuple(fc.array(innocentPair, { maxLength: 3 }), fc.array(secretPair, { maxLength: 3 }), fc.boolean())
  .map(([some, secrets, isFirst]) => (isFirst ? [...secrets, ...some] : [...some, ...secrets]).join('&'));
const url = fc
  .tuple(
    fc.constantFrom('', 'https://app.example', 'https://u:Zq7xZq7x@app.example'),
    fc.oneof(secretPath, fc.constant('/x')),
    query,
  )
  .map(([origin, path, search]) => `${origin}${path}?${search}`);

const secretHeader: fc.Arbitrary<Header> = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'Authorization',
      'X-Api-Key',
      'x-auth-token',
      'Proxy-Authorization',
      'Cookie',
      'Set-Cookie',
      'X-CSRF-TOKEN',
    ),
    headerText,
  ),
  fc.tuple(
    secretWords.map((words) => words.map(capitalised).join('-')),
    headerText,
  ),
  fc.tuple(fc.constantFrom('X-Note', 'X-Request-Id', 'User-Agent', 'ETag', 'X-Request-ID', 'Accept'), telling),
  fc.tuple(fc.constantFrom('X-Note', 'X-Debug'), prose),
  fc.tuple(
    fc.constant('X-Debug'),
    fc.tuple(secretName, asciiWord).map(([name, value]) => `a=b; ${name}=${value}`),
  ),
  fc.tuple(
    fc.constant('X-Debug'),
    fc.tuple(secretName, asciiWord).map(([name, value]) => JSON.stringify({ [name]: value })),
  ),
  fc.tuple(fc.constantFrom('Referer', 'Location', 'Content-Location', 'X-Original-URL', 'X-Forwarded-Uri'), url),
  fc.tuple(
    fc.constant('Link'),
    asciiWord.map((token) => `<https://x.example/reset/${token}?token=${token}>; rel="next"`),
  ),
);
/** Several of those that hold a URL would be joined to what is none. */
const headers = fc
  .array(secretHeader, { maxLength: 4 })
  .map((all) =>
    all.filter(([name], i) => !/referer|location|x-/i.test(name) || all.findIndex(([other]) => other === name) === i),
  );
const subprotocols: fc.Arbitrary<Header> = fc.tuple(
  fc.constant('Sec-WebSocket-Protocol'),
  fc.oneof(
    asciiWord.map((token) => `bearer, ${token}`),
    asciiWord.map((token) => `chat, access_token, ${token}`),
    fc.constant(MARK.repeat(8)),
  ),
);

/** A JSON document, and with it the text of it: `JSON.parse` can't say what a text can. */
const jsonSecret = fc.letrec<{ node: string }>((tie) => {
  const anyValue = fc.oneof(
    anything.map((text) => JSON.stringify(text)),
    cardDigits(15),
    anything.map((text) => JSON.stringify([1, text, { a: text }])),
    anything.map((text) => JSON.stringify({ a: { b: text }, c: [text] })),
  );
  const innocentValue = fc.jsonValue({ maxDepth: 1, noUnicodeString: false }).map((value) => JSON.stringify(value));
  const escapedName = fc.tuple(secretName, fc.nat()).map(([name, n]) => {
    const at = n % name.length;
    return `"${name.slice(0, at)}\\u00${name.charCodeAt(at).toString(16)}${name.slice(at + 1)}"`;
  });
  const quotedName = secretName.map((name) => JSON.stringify(name));
  return {
    node: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(fc.oneof(quotedName, escapedName), anyValue).map(([name, value]) => `{"a":1,${name}:${value}}`),
      fc.tuple(quotedName, anyValue, anyValue).map(([name, one, other]) => `{${name} : ${one} , ${name}:${other}}`),
      fc.oneof(prose, pem).map((text) => JSON.stringify({ note: text })),
      fc.tuple(secretName, anything).map(([name, text]) => JSON.stringify({ name, value: text })),
      fc.tuple(secretName, anything).map(([name, text]) => JSON.stringify({ log: JSON.stringify({ [name]: text }) })),
      fc.tuple(secretName, asciiWord).map(([name, value]) => JSON.stringify({ note: `a ${name}=${value}, b` })),
      asciiWord.map((token) => JSON.stringify({ link: `https://x.example/reset/${token}` })),
      asciiWord.map((token) => `{"link":"https:\\/\\/x.example\\/reset\\/${token}"}`),
      fc.tuple(innocentValue, tie('node'), innocentValue).map((parts) => `[${parts.join(',')}]`),
      fc.tuple(innocentName, tie('node')).map(([name, node]) => `{"${name}":${node},\n  "b":"c"}`),
    ),
  };
}).node;

interface Content {
  readonly type: string;
  readonly bytes: Buffer;
  /** What a record shows of it. */
  readonly innocent: readonly string[];
}

/** Makes bodies longer than what is shown of them, some of them with the secret across the limit. */
const filler = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.integer({ min: MAX_BODY_BYTES - 400, max: MAX_BODY_BYTES + 200 }).map((length) => 'f'.repeat(length)),
  },
);

const json: fc.Arbitrary<Content> = fc
  .tuple(
    fc.constantFrom('application/json', 'application/json; charset=utf-8', 'application/problem+json', 'text/json'),
    filler,
    jsonSecret,
    fc.constantFrom('', '', '', '}', '\ufeff', ' trailing'),
  )
  .map(([type, long, node, wrong]) => {
    const text = `${wrong === '\ufeff' ? wrong : ''}{"fine":"innocent json","f":"${long}","doc":${node}}${wrong === '\ufeff' ? '' : wrong}`;
    return { type, bytes: Buffer.from(text), innocent: wrong === '' || wrong === '\ufeff' ? ['innocent json'] : [] };
  });

const form: fc.Arbitrary<Content> = fc
  .tuple(filler, fc.array(secretPair, { minLength: 1, maxLength: 3 }))
  .map(([long, pairs]) => ({
    type: 'application/x-www-form-urlencoded',
    bytes: Buffer.from(['fine=innocent-form', `f=${long}`, ...pairs].join('&')),
    innocent: ['innocent-form'],
  }));

const jsonAsForm: fc.Arbitrary<Content> = jsonSecret.map((node) => ({
  type: 'application/x-www-form-urlencoded',
  bytes: Buffer.from(node),
  innocent: [],
}));

function partOf(disposition: string, value: string, type = ''): string {
  return `--b1\r\nContent-Disposition: form-data; ${disposition}\r\n${type === '' ? '' : `Content-Type: ${type}\r\n`}\r\n${value}\r\n`;
}

const fileName = fc.oneof(
  prose.map((text) => text.replace(/["\\]/g, '')),
  fc.constant('a.pdf'),
);
const secretPart = fc.oneof(
  fc.tuple(bracketed, anything).map(([name, value]) => partOf(`name="${name}"`, value)),
  fc.tuple(secretName, asciiWord).map(([name, value]) => partOf(`name=${name}`, value, 'text/plain; charset=utf-8')),
  fc.tuple(innocentName, fc.oneof(prose, jsonSecret)).map(([name, value]) => partOf(`name="${name}"`, value)),
  fc
    .tuple(fileName, anything)
    .map(([file, value]) => partOf(`name="doc"; filename="${file}"`, value, 'application/pdf')),
  anything.map((value) => partOf('name="doc"; filename*=UTF-8\'\'a%20b.txt', `password=${value}`, 'text/plain')),
);
const multipart: fc.Arbitrary<Content> = fc
  .tuple(filler, fc.array(secretPart, { minLength: 1, maxLength: 3 }))
  .map(([long, parts]) => ({
    type: 'multipart/form-data; boundary=b1',
    bytes: Buffer.from(
      `${partOf('name="fine"', 'innocent multipart')}${partOf('name="f"', long)}${parts.join('')}--b1--\r\n`,
    ),
    innocent: ['innocent multipart'],
  }));

const htmlEscaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

const line = fc.oneof(
  fc.tuple(secretName, fc.constantFrom('=', ': ', ' = ', ' : '), asciiWord).map((parts) => parts.join('')),
  fc.tuple(secretName, anything).map(([name, value]) => `{"${name}":${JSON.stringify(value)}}`),
  fc.tuple(secretName, asciiWord).map(([name, value]) => `data: {'${name}': '${value}'}`),
  fc.tuple(namedBy, word).map(([name, value]) => `<${name}>${value}</${name}>`),
  fc.tuple(namedBy, asciiWord).map(([name, value]) => `<user ${name}="${value}"/>`),
  fc.tuple(namedBy, anything).map(([name, value]) => `<${name}><![CDATA[${value.replaceAll('</', '')}]]></${name}>`),
  fc
    .tuple(fc.constantFrom('Authorization', 'Cookie', 'Set-Cookie'), headerText)
    .map(([name, value]) => `${name}: ${value.replace(/["']/g, '')}`),
  fc.tuple(namedBy, asciiWord).map(([name, value]) => `mysql --${name}=${value} -v`),
  fc.tuple(namedBy, asciiWord).map(([name, value]) => `mysql --${name} ${value} -v`),
  fc.tuple(secretName, asciiWord).map(([name, value]) => htmlEscaped(`<pre>{"${name}":"${value}"}</pre>`)),
  prose,
  pem,
  asciiWord.map((token) => `<a href="https://x.example/reset/${token}?a=1">`),
);
const text: fc.Arbitrary<Content> = fc
  .tuple(
    fc.constantFrom(
      'text/plain',
      'text/html; charset=utf-8',
      'application/xml',
      'text/event-stream',
      'application/x-ndjson',
      '',
    ),
    filler,
    fc.array(line, { minLength: 1, maxLength: 4 }),
  )
  .map(([type, long, lines]) => ({
    type,
    bytes: Buffer.from(`innocent text\n${long}\n${lines.join('\n')}\nthe end`),
    innocent: type === '' ? [] : ['innocent text'],
  }));

const binary: fc.Arbitrary<Content> = anything.map((secret) => ({
  type: 'application/octet-stream',
  bytes: Buffer.from(`\0password=${secret}`),
  innocent: [],
}));

const content = fc.oneof(
  { weight: 4, arbitrary: json },
  { weight: 2, arbitrary: form },
  jsonAsForm,
  { weight: 2, arbitrary: multipart },
  { weight: 4, arbitrary: text },
  binary,
);

interface Sent {
  readonly headers: readonly Header[];
  readonly body: Buffer;
  readonly breakOffAt: number | undefined;
  readonly innocent: readonly string[];
}

const CODINGS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
};

/** Some are packed, some broken off, some have a byte in them that is no UTF-8. */
const sent: fc.Arbitrary<Sent> = fc
  .tuple(
    content,
    headers,
    fc.option(fc.constantFrom('gzip', 'deflate', 'br'), { freq: 3 }),
    fc.option(fc.nat(), { freq: 3 }),
    fc.option(fc.nat(), { freq: 6 }),
  )
  .map(([{ type, bytes, innocent }, more, coding, breakOff, wrongAt]) => {
    const spoiled = wrongAt === null ? bytes : spoiledAt(bytes, wrongAt);
    const body = coding === null ? spoiled : (CODINGS[coding]?.(spoiled) ?? spoiled);
    return {
      headers: [
        ...(type === '' ? [] : [['Content-Type', type] as const]),
        ...(coding === null ? [] : [['Content-Encoding', coding] as const]),
        ...more,
      ],
      body,
      breakOffAt: breakOff === null ? undefined : breakOff % (body.length + 1),
      innocent: breakOff === null && wrongAt === null ? innocent : [],
    };
  });

/** Where the value of a name begins: a name that is spoiled, or a token, is no longer one. */
function spoiledAt(bytes: Buffer, n: number): Buffer {
  const parts = bytes.toString('latin1').split(VALUE_START);
  const before = parts.slice(0, 1 + (n % parts.length)).join('');
  return Buffer.concat([bytes.subarray(0, before.length), Buffer.from([0xff]), bytes.subarray(before.length)]);
}

const VALUE_START = new RegExp(`(?<=["=>]|: )(?=${MARK})`);

let planned = 0;

const told = fc
  .tuple(secretName, asciiWord, fc.constantFrom('=', ': ', '":"'))
  .map(([name, value, sign]) =>
    sign === '":"' ? `failed at {"a":1,"${name}":"${value}"}` : `failed, ${name}${sign}${value}`,
  );
/** As people write it: only what has to be escaped is. */
const urlTold = fc
  .tuple(fc.oneof(secretPath, fc.constant('/x')), secretName, asciiWord, telling)
  .map(
    ([path, name, value, look]) => `can't get https://x.example${path}?${name}=${value}&q=${encodeURIComponent(look)}`,
  );
const message = fc.oneof(told, prose, urlTold);

const log = fc.tuple(secretName, asciiWord, told).map(([name, value, body]) => {
  const record = {
    body,
    attributes: { [name]: value, nested: JSON.stringify({ [name]: value }), note: `${name}=${value}` },
  };
  return JSON.parse(JSON.stringify(record).replaceAll(MARK, LOG_MARK)) as object;
});

export const exchange: fc.Arbitrary<Plan> = fc
  .record({
    client: fc.constantFrom('http', 'http', 'http2', 'fetch'),
    method: fc.constantFrom('POST', 'PUT', 'GET', 'PATCH'),
    path: fc.oneof(secretPath, fc.constant('/innocent/path')),
    query,
    request: sent,
    response: sent,
    status: fc.constantFrom(200, 201, 302, 400, 500),
    chunkBytes: fc.integer({ min: 1, max: 70_000 }),
    reason: fc.option(message),
    isDead: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    upgrade: fc.option(subprotocols, { freq: 9 }),
    auth: fc.option(asciiWord, { freq: 9 }),
    trailers: fc.option(asciiWord, { freq: 5 }),
    error: fc.option(message, { freq: 6 }),
    log: fc.option(log, { freq: 9 }),
  })
  .map((drawn): Plan => {
    planned += 1;
    const id = `exchange-${planned}`;
    const { request, response, upgrade } = drawn;
    const isUpgrade = upgrade !== null;
    const hasBody = drawn.method !== 'GET' && !isUpgrade;
    const isBrokenOff = request.breakOffAt !== undefined;
    const isWhole = !drawn.isDead && !isUpgrade && !isBrokenOff;
    const asked = isUpgrade ? [upgrade] : [];
    const trailers = drawn.trailers === null ? undefined : { 'X-Token': drawn.trailers };
    return {
      id,
      client: isUpgrade || (isBrokenOff && drawn.client === 'fetch') ? 'http' : drawn.client,
      method: isUpgrade ? 'GET' : drawn.method,
      target: `${drawn.path}?${drawn.query}`,
      headers: [
        ['X-Exchange', id],
        ...asked,
        ...request.headers.filter(([name]) => hasBody || !name.startsWith('Content-')),
      ],
      body: hasBody ? request.body.toString('latin1') : '',
      // Few writes, however long it is.
      chunkBytes: Math.max(drawn.chunkBytes, request.body.length >> 6, 1),
      breakOffAt: hasBody ? request.breakOffAt : request.breakOffAt && 0,
      reason: drawn.reason ?? undefined,
      isDead: drawn.isDead,
      upgrade: isUpgrade,
      auth: drawn.auth === null ? undefined : `ann:${drawn.auth}`,
      trailers: hasBody ? trailers : undefined,
      error: drawn.error ?? undefined,
      log: drawn.log ?? undefined,
      response: {
        status: drawn.status,
        headers: isUpgrade ? asked : response.headers,
        body: response.body.toString('latin1'),
        breakOffAt: response.breakOffAt,
        trailers,
      },
      innocent: [
        ...(hasBody && isWhole ? request.innocent : []),
        ...(isWhole && drawn.error === null ? response.innocent : []),
      ],
    };
  });
