import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import type { JsonObject } from '../../src/event/event.ts';
import { JsonText, valueOf } from '../../src/event/json-text.ts';
import { createRedactor } from '../../src/event/redact.ts';

const redactor = createRedactor();
/** A path that is nowhere: all is redacted as an object. */
const byValue = createRedactor({ paths: ['no.such.path'] });

function shown(headers: readonly string[], by = redactor): JsonObject {
  return valueOf(by.headers(headers, 'request.headers'));
}

const header = fc.tuple(
  fc.oneof(
    fc.constantFrom('Host', 'Accept', 'Authorization', 'Cookie', 'X-Api-Key', 'Referer', 'Location', 'value', 'name'),
    fc.constantFrom('Sec-WebSocket-Protocol', '4111111111111111', 'Content-Type', '__proto__', '12', 'x"y'),
    fc.string(),
  ),
  fc.oneof(
    fc.constantFrom(
      '',
      'text/html',
      'Bearer abcdef1234567890',
      'https://a:b@c.example/?token=1',
      '4111 1111 1111 1111',
    ),
    fc.string({ unit: 'binary' }),
  ),
);

describe('headers', () => {
  it('are shown as if they were redacted value by value, whatever came before them', () => {
    fc.assert(
      fc.property(fc.array(header, { maxLength: 12 }), (headers) => {
        assert.deepEqual(shown(headers.flat()), shown(headers.flat(), byValue));
      }),
      { numRuns: 3000 },
    );
  });

  it('are held as a text, also when they come again with other values', () => {
    for (const agent of ['one', 'two', 'one', 'with "quotes"', 'password=x']) {
      const held = redactor.headers(['User-Agent', agent, 'Cookie', 'sid=1'], 'request.headers');
      assert.ok(held instanceof JsonText);
      const userAgent = agent === 'password=x' ? 'password=[REDACTED]' : agent;
      assert.deepEqual(JSON.parse(held.text), { 'User-Agent': userAgent, Cookie: '[REDACTED]' });
    }
  });

  it('hide the user info that a host is sent with', () => {
    assert.deepEqual(shown(['Host', 'ann:hunter2@example.com:80', 'X-Forwarded-Host', 'example.com']), {
      Host: '[REDACTED]@example.com:80',
      'X-Forwarded-Host': 'example.com',
    });
    assert.deepEqual(shown(['Host', 'ann:hunter@2@example.com']), { Host: '[REDACTED]@example.com' });
  });

  it('hide a name that becomes secret after it was seen', () => {
    const own = createRedactor();
    assert.deepEqual(shown(['X-Plain', 'seen'], own), { 'X-Plain': 'seen' });
    own.addNames(['xPlain']);
    assert.deepEqual(shown(['X-Plain', 'seen'], own), { 'X-Plain': '[REDACTED]' });
  });

  it('stand once each, among more names than are remembered', () => {
    const many = Array.from({ length: 3000 }, (_, i) => [`x-${i}`, 'a']).flat();
    const all = shown([...many, 'x-0', 'b']);
    assert.deepEqual(all['x-0'], ['a', 'b']);
    assert.equal(Object.keys(all).length, 3000);
  });
});
