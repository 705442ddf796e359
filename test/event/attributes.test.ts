import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';

import * as attributes from '../../src/event/attributes.ts';

/** Published as functions of the header's name. */
const WITH_A_NAME: Readonly<Record<string, (name: string) => string>> = {
  HTTP_REQUEST_HEADER: stable.ATTR_HTTP_REQUEST_HEADER,
  HTTP_RESPONSE_HEADER: stable.ATTR_HTTP_RESPONSE_HEADER,
};

describe('the names of attributes', () => {
  const published = { ...incubating, ...stable } as Readonly<Record<string, unknown>>;

  for (const [constant, name] of Object.entries(attributes)) {
    if (constant === 'SCHEMA_VERSION') continue;

    if (constant.startsWith('AUDIT_')) {
      it(`${name} is ours, and not published`, () => {
        assert.match(name, /^audit\.[a-z_.]+$/);
        assert.ok(!Object.values(published).includes(name));
      });
    } else if (constant in WITH_A_NAME) {
      it(`${name} is the published one, before a header's name`, () => {
        assert.equal(`${name}etag`, WITH_A_NAME[constant]?.('etag'));
      });
    } else {
      it(`${name} is the published one`, () => {
        assert.equal(name, published[`ATTR_${constant}`]);
      });
    }
  }
});
