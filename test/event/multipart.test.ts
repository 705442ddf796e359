import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';

import { bodyRepr } from '../../src/event/body.ts';
import { type RedactionOptions, createRedactor } from '../../src/event/redact.ts';

interface Shown {
  readonly body?: unknown;
  readonly body_truncated?: true;
}

interface Sent {
  readonly type?: string;
  readonly limit?: number;
  readonly complete?: boolean;
  readonly coding?: string;
  readonly redaction?: RedactionOptions;
}

const TYPE = 'multipart/form-data; boundary=x';

/** What a record shows of a body. */
function shown(
  body: string | Buffer,
  { type = TYPE, limit = 65_536, complete = true, coding, redaction }: Sent = {},
): Shown {
  const bytes = Buffer.from(body as string);
  const headers = ['Content-Type', type, ...(coding === undefined ? [] : ['Content-Encoding', coding])];
  const kept = { size: bytes.length, bytes: () => bytes.subarray(0, limit + 1024), complete };
  return bodyRepr(kept, headers, 'request.body', createRedactor(redaction), limit);
}

/** One part, with what stands before it. */
function part(disposition: string, value: string, ...headers: string[]): string {
  return ['--x', `Content-Disposition: form-data; ${disposition}`, ...headers, '', value, ''].join('\r\n');
}

const END = '--x--\r\n';
const file = (value: string, name = 'doc'): string =>
  part(`name="${name}"; filename="a.pdf"`, value, 'Content-Type: application/pdf');

describe('a multipart form', () => {
  it('is shown as fields and files, without what is in the files', () => {
    const body = part('name="title"', 'Hello\r\nworld') + file('%PDF very-private') + END;
    assert.deepEqual(shown(body), {
      body: {
        fields: { title: 'Hello\r\nworld' },
        files: [{ name: 'doc', filename: 'a.pdf', content_type: 'application/pdf', size: 17 }],
      },
    });
  });

  it('has a list where a name is repeated, also __proto__', () => {
    const body = part('name="tag"', 'a') + part('name="__proto__"', 'p') + part('name="tag"', 'b') + END;
    const { fields } = shown(body).body as { fields: object };
    assert.deepEqual(Object.entries(fields), [
      ['tag', ['a', 'b']],
      ['__proto__', 'p'],
    ]);
  });

  it('has its fields redacted by name, by look, by path and by rule', () => {
    const body =
      ['password', 'pin', 'iban', 'gone'].map((name) => part(`name="${name}"`, `secret-${name}`)).join('') +
      part('name="note"', 'Bearer abcdefghijklmnop and {"token":"secret-json"}') +
      part('name="4111111111111111"', 'by look') +
      END;
    const redaction: RedactionOptions = {
      paths: ['request.body.fields.iban'],
      rules: [{ names: ['gone'], action: 'remove' }],
    };
    const repr = shown(body, { redaction });
    assert.doesNotMatch(JSON.stringify(repr), /secret-|abcdefgh|4111/);
    const { fields } = repr.body as { fields: Record<string, unknown> };
    assert.deepEqual([fields['password'], fields['iban'], 'gone' in fields], ['[REDACTED]', '[REDACTED]', false]);
  });

  const names: [name: string, disposition: string, filename: string][] = [
    ['quoted with escapes', String.raw`name="f"; filename="a\"b\\c.txt"`, 'a"b\\c.txt'],
    ['escaped as browsers do', 'name="f"; filename="a%22b%0D%0A%41.txt"', 'a"b\r\n%41.txt'],
    ['without quotes', 'name=f; filename=a.txt', 'a.txt'],
    ['in UTF-8', 'name="f"; filename="gr\u00fc\u00df.txt"', 'gr\u00fc\u00df.txt'],
    ['in the extended form', "name=f; filename=u.txt; filename*=UTF-8''gr%C3%BC%C3%9F.txt", 'gr\u00fc\u00df.txt'],
    ['empty, as from a file input that was left so', 'name="f"; filename=""', ''],
    ['that does not end', 'name="f"; filename="a.txt', 'a.txt'],
  ];
  for (const [name, disposition, filename] of names) {
    it(`has a file name ${name}`, () => {
      const { files } = shown(part(disposition, '1') + END).body as { files: object[] };
      assert.deepEqual(files, [{ name: 'f', filename, size: 1 }]);
    });
  }

  it('has binary values without a file name among the files', () => {
    const body = part('name="blob"', 'raw', 'Content-Type: application/octet-stream') + END;
    assert.deepEqual(shown(body).body, {
      fields: {},
      files: [{ name: 'blob', content_type: 'application/octet-stream', size: 3 }],
    });
  });

  it('is read around preambles, padding, empty values, and what only looks like a boundary', () => {
    const body = `preamble\r\n--x  \r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n${part('name="b"', 'v\r\n--xy')}${END}epilogue`;
    assert.deepEqual(shown(body).body, { fields: { a: '', b: 'v\r\n--xy' }, files: [] });
  });

  it('is read with a quoted boundary, and decoded first', () => {
    const body = part('name="a"', '1').replace('--x', '--x y') + '--x y--';
    const type = 'multipart/form-data; boundary="x y"; charset=utf-8';
    assert.deepEqual(shown(zlib.gzipSync(body), { type, coding: 'gzip' }).body, { fields: { a: '1' }, files: [] });
  });

  const others: [name: string, body: string, type: string][] = [
    ['has no boundary', part('name="a"', '1') + END, 'multipart/form-data'],
    ['has another boundary than it says', part('name="a"', '1') + END, 'multipart/form-data; boundary=z'],
    ['is of another kind', part('name="a"', '1') + END, 'multipart/mixed; boundary=x'],
    ['has no part', END, TYPE],
    ['has parts without names', '--x\r\n\r\nvalue\r\n' + END, TYPE],
  ];
  for (const [name, body, type] of others) {
    it(`is "Binary content" where it ${name}`, () =>
      assert.deepEqual(shown(body, { type }), { body: 'Binary content' }));
  }
});

describe('a multipart form that was cut', () => {
  it('shows what was found so far, without the size of the file that was cut', () => {
    const body =
      part('name="title"', 'Hello') +
      file('small', 'one') +
      file('x'.repeat(100_000), 'two') +
      part('name="late"', '1') +
      END;
    assert.deepEqual(shown(body), {
      body: {
        fields: { title: 'Hello' },
        files: [
          { name: 'one', filename: 'a.pdf', content_type: 'application/pdf', size: 5 },
          { name: 'two', filename: 'a.pdf', content_type: 'application/pdf' },
        ],
      },
      body_truncated: true,
    });
  });

  it('shows a field as far as the limit, on a character boundary', () => {
    const before = part('name="a"', '').length - 2;
    const { body, body_truncated } = shown(part('name="a"', '\u00fc'.repeat(5000)) + END, { limit: before + 101 });
    assert.deepEqual([body, body_truncated], [{ fields: { a: '\u00fc'.repeat(50) }, files: [] }, true]);
  });

  it('shows no secret that lies across the limit', () => {
    for (let limit = 80; limit < 200; limit += 1) {
      const body = part('name="password"', 'hunter2-hunter2') + part('name="n"', 'card 4111 1111 1111 1111') + END;
      assert.doesNotMatch(JSON.stringify(shown(body + 'x'.repeat(9000), { limit })), /hunter|4111/);
    }
  });

  it('is told wherever it was broken off', () => {
    const body = part('name="a"', '1') + file('12345') + END;
    for (let length = 1; length < body.length - END.length; length += 1) {
      const repr = shown(body.slice(0, length), { complete: false });
      if (repr.body === 'Binary content') continue;
      assert.equal(repr.body_truncated, true);
      const { fields, files } = repr.body as { fields: { a?: string }; files: { size?: number }[] };
      assert.match(fields.a ?? '', /^1?$/);
      assert.ok(files.length < 2 && files.every(({ size }) => size === undefined));
    }
  });
});

describe('a multipart form of an attacker', () => {
  const hostile: [name: string, body: string][] = [
    ['parts', part('name="a"', '').repeat(200_000)],
    ['false boundaries', part('name="a"', '\r\n--xy'.repeat(1_500_000))],
    ['parameters', part('name="a"' + ';name="\\'.repeat(1_000_000), '')],
    ['headers without an end', '--x\r\n' + 'a: b\r\n'.repeat(1_500_000)],
  ];
  for (const [name, body] of hostile) {
    it(`is read to its end in one go, with many ${name}`, () => {
      assert.notEqual(shown(body, { limit: 16 * 1024 * 1024 }).body, undefined);
    });
  }
});
