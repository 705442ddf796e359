import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LineBuffer } from '../../src/export/line-buffer.ts';

describe('LineBuffer', () => {
  it('gives what was added as UTF-8, once', () => {
    const lines = new LineBuffer();
    lines.add('one\n');
    lines.add('zwölf €\n');
    assert.equal(lines.size, Buffer.byteLength('one\nzwölf €\n'));
    assert.equal(lines.take().toString(), 'one\nzwölf €\n');
    assert.equal(lines.size, 0);
    assert.equal(lines.take().length, 0);
  });

  it('takes lines of any length, in any order', () => {
    const lines = new LineBuffer();
    const added = [1, 70_000, 3, 300_000, 5, 2_000_000, 7].map((length) => `${'€'.repeat(length)}\n`);
    for (const round of [1, 2]) {
      for (const line of added) lines.add(line);
      assert.equal(lines.take().toString(), added.join(''), `round ${round}`);
    }
  });
});
