import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { byStream, streamOf } from '../../src/export/stream.ts';

describe('streamOf', () => {
  it('goes by the event name', () => {
    assert.equal(streamOf({ eventName: 'audit.model' }), 'audit');
    assert.equal(streamOf({ eventName: 'audit.login' }), 'audit');
    assert.equal(streamOf({ eventName: 'audit.request', severityText: 'INFO' }), 'api');
  });

  it('goes by the level for what has no such name, whichever logger it comes from', () => {
    assert.equal(streamOf({ severityText: 'AUDIT' }), 'audit');
    assert.equal(streamOf({ severityText: 'LOGIN', eventName: 'user.login' }), 'audit');
    assert.equal(streamOf({ severityText: 'API' }), 'api');
  });

  it('sends the rest to app', () => {
    assert.equal(streamOf({}), 'app');
    assert.equal(streamOf({ eventName: 'audit', severityText: 'ERROR' }), 'app');
  });
});

describe('byStream', () => {
  it('sorts by stream and keeps the order', () => {
    const [a, b, c] = [{ severityText: 'API' }, { severityText: 'INFO' }, { severityText: 'API' }];
    assert.deepEqual(
      [...byStream([a, b, c])],
      [
        ['api', [a, c]],
        ['app', [b]],
      ],
    );
  });
});
