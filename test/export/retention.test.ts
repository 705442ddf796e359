import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type RetentionLimits, expiredOf, limitsOf } from '../../src/export/retention.ts';
import { readClosedName } from '../../src/export/rotation.ts';

/** Newest first, of 100 bytes each. */
const FILES = [
  'api-2026-11-24.0002.log',
  'api-2026-11-24.0001.log',
  'api-2026-11-24.0001.log.gz',
  'api-2026-11-23.0001.log.gz',
  'api-2026-11-01.0001.log.gz',
].flatMap((name) => {
  const read = readClosedName('api', name);
  return read ? Object.assign(read, { size: 100 }) : [];
});

const NOW = Date.parse('2026-11-24T15:00:00Z');

describe('retention', () => {
  const cases: [limits: RetentionLimits, kept: number][] = [
    [{}, 5],
    [{ days: 1 }, 3],
    [{ days: 2 }, 4],
    [{ days: 24 }, 5],
    [{ files: 1 }, 1],
    [{ files: 2 }, 3],
    [{ bytes: 399 }, 3],
    [{ bytes: 400 }, 4],
    [{ days: 24, files: 3, bytes: 250 }, 2],
  ];
  for (const [limits, kept] of cases) {
    it(`of ${JSON.stringify(limits)} deletes all but the newest ${kept}`, () => {
      assert.deepEqual(expiredOf(FILES, limits, NOW), FILES.slice(kept));
    });
  }

  it('deletes nothing that is to come, when the clock was set back', () => {
    assert.deepEqual(expiredOf(FILES, { days: 1 }, Date.parse('2020-01-01')), []);
  });

  it('never means audit files, unless it names them', () => {
    const audit = { days: 3650 };
    assert.equal(limitsOf({ days: 30 }, 'audit'), undefined);
    assert.equal(limitsOf({ days: 30, audit }, 'audit'), audit);
    assert.equal(limitsOf({ days: 30, audit }, 'api')?.days, 30);
    assert.deepEqual(limitsOf({ days: 30, app: { files: 3 } }, 'app'), { files: 3 });
  });
});
