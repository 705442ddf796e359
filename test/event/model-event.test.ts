import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { modelExample } from '../support/example-events.ts';

describe('modelEvent', () => {
  it('hides in the changes, too, a value that the row labels as a secret', () => {
    const row = { id: 1, name: 'password', value: 'new secret' };
    const { changes, instance_repr: shown } = modelExample('UPDATE', {
      row,
      changes: [['value', 'old secret', 'new secret']],
    });
    assert.equal(shown['value'], '[REDACTED]');
    assert.deepEqual(changes, { value: ['[REDACTED]', '[REDACTED]'] });
  });

  it('goes by the label of the time, where that was changed', () => {
    const row = { id: 1, name: 'theme', value: 'dark' };
    const changes = [
      ['name', 'password', 'theme'],
      ['value', 'old secret', 'dark'],
    ] as const;
    assert.deepEqual(modelExample('UPDATE', { row, changes }).changes, {
      name: ['password', 'theme'],
      value: ['[REDACTED]', 'dark'],
    });
  });
});
