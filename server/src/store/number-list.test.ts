import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countNumbers, parseNumbers } from './number-list.ts';

test('whole numbers and nulls come out of a list as they went in', () => {
  const number = fc.option(fc.maxSafeInteger(), { nil: undefined });
  fc.assert(
    fc.property(fc.array(number, { minLength: 1 }), (numbers) => {
      const list = numbers.map((each) => each ?? '').join(',');
      equal(countNumbers(list), numbers.length);
      deepEqual(
        [...parseNumbers(list, numbers.length)],
        numbers.map((each) => (each === undefined ? Number.NaN : each + 0)),
      );
    }),
  );
});
