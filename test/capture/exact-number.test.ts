import assert from 'node:assert/strict';
import { it } from 'node:test';

import { exactNumber, isSameNumber } from '../../src/capture/exact-number.ts';

const decimal = { type: { key: 'DECIMAL' } };
const float = { type: { key: 'FLOAT' } };

it('exact numbers are texts, whatever the driver made of them', () => {
  const long = { low: 1, high: 2_097_152, unsigned: false, toString: () => '9007199254740993' };
  const bigint = { type: { key: 'BIGINT' } };
  for (const [given, shown] of [
    [12, '12'],
    [12n, '12'],
    ['9007199254740993', '9007199254740993'],
    [long, '9007199254740993'],
    [null, null],
  ] as const) {
    assert.equal(exactNumber(given, bigint), shown);
  }
  assert.equal(exactNumber(1.5, float), 1.5);
  assert.equal(exactNumber(long, undefined), long);
});

it('exact numbers are the same whatever zeros are around them', () => {
  for (const [a, b] of [
    ['1.50', '1.5'],
    ['1', '1.000'],
    ['-0.00', '0'],
    ['007', '7'],
    ['.5', '0.5'],
  ]) {
    assert.equal(isSameNumber(a, b, decimal), true, `${a} ${b}`);
  }
  for (const [a, b] of [
    ['1.50', '1.05'],
    ['-1', '1'],
    ['10', '1'],
    ['9007199254740993', '9007199254740992'],
    ['NaN', '0'],
  ]) {
    assert.equal(isSameNumber(a, b, decimal), false, `${a} ${b}`);
  }
  assert.equal(isSameNumber('1.50', '1.5', float), false);
});
