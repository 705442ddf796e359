import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { AuditUnavailableError } from '../../src/event/audit-unavailable-error.ts';

describe('the error of a change that is refused', () => {
  it('says why, in its message, and what it is, in its name and code', () => {
    const { name, code, message } = new AuditUnavailableError('ENOSPC: no space left on device');
    assert.deepEqual([name, code], ['AuditUnavailableError', 'AUDIT_UNAVAILABLE']);
    assert.match(message, /ENOSPC: no space left on device/);
  });

  it('is an instance of the class of any copy of the package, and nothing else is', async () => {
    const copy = '../../src/event/audit-unavailable-error.ts?copy';
    const other = (await import(copy)) as { AuditUnavailableError: typeof AuditUnavailableError };
    assert.notEqual(other.AuditUnavailableError, AuditUnavailableError);
    assert.ok(new other.AuditUnavailableError('EIO') instanceof AuditUnavailableError);
    for (const value of [new Error('EIO'), { code: 'AUDIT_UNAVAILABLE' }, undefined, null])
      assert.ok(!(value instanceof AuditUnavailableError));
  });
});
