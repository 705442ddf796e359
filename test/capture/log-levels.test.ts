import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createThresholds, readThresholds } from '../../src/capture/log-levels.ts';
import { OptionError, checkOptions, optionsFromEnvironment } from '../../src/options.ts';

describe('levels by the name of the logger', () => {
  it('has the longest name win, up to a dot', () => {
    const thresholdOf = createThresholds({ root: 'info', http: 'warn', 'http.client': 'trace' });
    assert.deepEqual(
      ['http', 'http.client', 'http.client.pool', 'http.server', 'https', 'a.http', ''].map(thresholdOf),
      [13, 1, 1, 13, 9, 9, 9],
    );
  });

  it('writes all but traces by default, and all that is printed', () => {
    const thresholdOf = createThresholds();
    assert.deepEqual(['patients', 'console'].map(thresholdOf), [5, 1]);
    assert.equal(createThresholds({ sequelize: 'off' })('sequelize.pool'), Number.POSITIVE_INFINITY);
    assert.equal(createThresholds({ sequelize: 'off' })('patients'), 5);
  });

  it('is read from a text', () => {
    assert.deepEqual(readThresholds(['info', 'sequelize = WARN', 'a.b=off']), {
      root: 'info',
      sequelize: 'warn',
      'a.b': 'off',
    });
    for (const text of ['loud', '=info', 'a=', 'a=b=info', 'constructor'])
      assert.equal(readThresholds([text]), undefined);
  });

  it('is an option, in code, in JSON and in the environment', () => {
    assert.deepEqual(optionsFromEnvironment({ ACTIVITY_AUDIT_LEVELS: 'info,sequelize=warn' }), {
      levels: { root: 'info', sequelize: 'warn' },
    });
    assert.deepEqual(checkOptions({ levels: 'error' }, 'here'), { levels: { root: 'error' } });
    assert.deepEqual(checkOptions({ levels: { http: 'off' } }, 'here'), { levels: { http: 'off' } });
    assert.throws(() => optionsFromEnvironment({ ACTIVITY_AUDIT_LEVELS: 'info,sequelize=loud' }), OptionError);
    assert.throws(() => checkOptions({ levels: { root: 'loud' } }, 'here'), /root=loud/);
  });
});
