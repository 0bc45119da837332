import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bit, hasFlag, keywordBits, union, without } from './flags.ts';

const set = fc.maxSafeNat().map((value) => value % 2 ** 52);

test('flag sets are united and taken apart over all 52 bits', () => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      assert.equal(union(a, b), Number(BigInt(a) | BigInt(b)));
      assert.equal(without(a, b), Number(BigInt(a) & ~BigInt(b)));
    }),
  );
});

test('each bit is found where it is, and nowhere else', () => {
  for (let index = 0; index < 52; index++) {
    for (let other = 0; other < 52; other++) assert.equal(hasFlag(bit(index), other), index === other);
    assert.deepEqual(keywordBits(bit(index)), index >= 5 ? [index] : []);
  }
  assert.deepEqual(keywordBits(2 ** 52 - 1).length, 47);
});
