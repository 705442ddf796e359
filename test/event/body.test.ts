import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { bodyRepr } from '../../src/event/body.ts';
import { createRedactor } from '../../src/event/redact.ts';

const redactor = createRedactor();
const FORM = 'application/x-www-form-urlencoded';

function shown(body: string | Buffer, type: string, { complete = true } = {}): object {
  const bytes = Buffer.from(body);
  const kept = { size: bytes.length, bytes: () => bytes, complete };
  // As it is written: a body that is JSON is held as its text.
  return JSON.parse(JSON.stringify(bodyRepr(kept, ['Content-Type', type], 'request.body', redactor, 65_536))) as object;
}

describe('a form', () => {
  it('that was cut hides the secrets that its escapes hide', () => {
    assert.deepEqual(shown('a=1&b=%7B%22pin%22%3A%22x%22%7D&n=4111+1111+1111+1111&c=%', FORM, { complete: false }), {
      body: 'a=1&b={"pin":"[REDACTED]"}&n=[REDACTED]&c=%',
      body_truncated: true,
    });
  });

  it('that is JSON, as curl sends it where nobody says what it is, is shown as JSON', () => {
    assert.deepEqual(shown('{"password":"x&y=z","a":"b=c"}', FORM), { body: { password: '[REDACTED]', a: 'b=c' } });
    assert.deepEqual(shown('{"password":"x&y', FORM), { body: '{"password":"[REDACTED]' });
    assert.deepEqual(shown('{"password":"x&y', FORM, { complete: false }), {
      body: '{"password":"[REDACTED]',
      body_truncated: true,
    });
  });
});

describe('a text', () => {
  it('that was cut shows no beginning of a secret that its end would have told', () => {
    const cut = (text: string, type = 'text/plain'): unknown =>
      Object.values(shown(text, type, { complete: false }))[0];
    assert.equal(cut('card 4111 1111 1'), 'card [REDACTED]');
    assert.equal(cut('{"n":411111', 'application/json'), '{"n":[REDACTED]');
    assert.equal(cut('see https://ann:hunter'), 'see https://[REDACTED]');
    assert.equal(cut('u=https%3A%2F%2Fann%3Ahun%2', FORM), 'u=https%3A%2F%2F[REDACTED]');
    assert.equal(cut('n=4111%201111+1', FORM), 'n=[REDACTED]');
    assert.equal(cut('see http://localhost:8080/x'), 'see http://localhost:8080/x');
    assert.equal(cut('in 2024, at 10:20'), 'in 2024, at 10:20');
    const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n411111111';
    assert.deepEqual(cut(part, 'multipart/form-data; boundary=b'), { fields: { a: '[REDACTED]' }, files: [] });
  });

  it('in UTF-16 that doesn’t say so is no text', () => {
    const bytes = Buffer.from('password=x', 'utf16le');
    assert.deepEqual(shown(bytes, 'text/plain'), { body: 'Binary content' });
    assert.deepEqual(shown(bytes, 'application/json', { complete: false }), { body: 'Binary content' });
    assert.deepEqual(shown(bytes, 'text/plain; charset=utf-16le'), { body: 'password=[REDACTED]' });
  });
});
