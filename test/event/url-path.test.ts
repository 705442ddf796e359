import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createRedactor } from '../../src/event/redact.ts';

const redactor = createRedactor({ urlPaths: ['/reset/:token', '/invite/:team/*/:code', '/café/:key'] });

describe('a URL path of an operator', () => {
  const urls: readonly (readonly [url: string, shown: string])[] = [
    ['/reset/abc', '/reset/[REDACTED]'],
    ['/api/v1/reset/abc/confirm?x=1', '/api/v1/reset/[REDACTED]/confirm?x=1'],
    ['https://app.example/reset/abc?x=1#top', 'https://app.example/reset/[REDACTED]?x=1#top'],
    ['reset/abc', 'reset/[REDACTED]'],
    ['//RESET//abc', '//RESET//[REDACTED]'],
    ['/%72eset/a%2Fb', '/%72eset/[REDACTED]'],
    ['/reset%2fabc', '/reset%2f[REDACTED]'],
    ['/reset;v=1/a;b\'"<c', '/reset;v=1/[REDACTED]'],
    ['/invite/a/b/c/d', '/invite/[REDACTED]/b/[REDACTED]/d'],
    ['/caf%C3%A9/abc', '/caf%C3%A9/[REDACTED]'],
    ['/login?next=%2Freset%2Fabc&a=1', '/login?next=/reset/[REDACTED]&a=1'],
    ['/app#/reset/abc', '/app#/reset/[REDACTED]'],
    ['/reset', '/reset'],
    ['/reset/', '/reset/'],
    ['/reset?a=/b', '/reset?a=/b'],
    ['/preset/abc', '/preset/abc'],
    ['/resets/abc', '/resets/abc'],
    ['/invite/a/b', '/invite/a/b'],
  ];
  for (const [url, shown] of urls) {
    it(`makes of the URL ${url} ${shown}`, () => assert.equal(redactor.url(url), shown));
  }

  const texts: readonly (readonly [text: string, shown: string])[] = [
    ['GET https://x.example/reset/abc failed', 'GET https://x.example/reset/[REDACTED] failed'],
    ['<a href="/reset/abc">', '<a href="/reset/[REDACTED]">'],
    ['{"a":"https:\\/\\/x\\/reset\\/abc","b":1', '{"a":"https:\\/\\/x\\/reset\\/[REDACTED]","b":1'],
    ['{"a":"/reset/a\\u0062c"', '{"a":"/reset/[REDACTED]"'],
    ['{"a":"{\\"b\\":\\"/reset/abc\\"}"', '{"a":"{\\"b\\":\\"/reset/[REDACTED]\\"}"'],
    ['to /login?next=%2Freset%2Fabc%2Fd', 'to /login?next=%2Freset%2F[REDACTED]%2Fd'],
    ['/x?a=%2Freset%2Fabc&b=Bearer%20a%2Fb', '/x?a=%2Freset%2F[REDACTED]'],
    ['reset or abc', 'reset or abc'],
  ];
  for (const [text, shown] of texts) {
    it(`makes of the text ${text} ${shown}`, () => {
      assert.equal(redactor.text(text), shown);
      assert.equal(redactor.text(shown), shown);
    });
  }

  it('counts in values and names of all kinds', () => {
    assert.deepEqual(redactor.value({ link: 'https://x/reset/abc', 'https://x/reset/abc': 1 }, 'request.body'), {
      link: 'https://x/reset/[REDACTED]',
      'https://x/reset/[REDACTED]': 1,
    });
    assert.deepEqual(redactor.form('next=%2Freset%2Fabc', 'query'), { next: '/reset/[REDACTED]' });
  });

  it('follows the rule that it stands in: inside of a text, nothing can be removed', () => {
    const rules = [
      { urlPaths: ['/reset/:token'], action: 'hash' },
      { urlPaths: ['/share/:key'], action: 'remove' },
    ] as const;
    const hashes = createRedactor({ rules, hashKey: 'sixteen letters!' });
    const shown = hashes.url('/reset/abc');
    assert.match(shown, /^\/reset\/\[HASH:[\da-f]{16}\]$/);
    assert.equal(hashes.text(`at ${shown}`), `at ${shown}`);
    assert.equal(hashes.url('/share/abc'), '/share/[REDACTED]');
  });

  for (const pattern of ['reset/:token', '/reset', '/:token', '/*/:token', '/reset/:', '/a*/:b', '/reset/:token?']) {
    it(`is refused: ${pattern}`, () => {
      assert.throws(() => createRedactor({ urlPaths: [pattern] }), {
        name: 'TypeError',
        message: `redaction.urlPaths: expected a path such as /reset/:token, of words, * and at least one :name, got "${pattern}" (string)`,
      });
    });
  }

  it('is found in linear time', { timeout: 10_000 }, () => {
    for (const unit of ['/', '/reset', '/reset/', '%2f', '\\/', '/invite', '/invite/a', '/reset/a', '/reset;', 'a']) {
      const text = unit.repeat(100_000 / unit.length);
      redactor.url(text);
      redactor.text(text);
    }
  });
});
