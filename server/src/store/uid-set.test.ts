import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countUids, formatRanges, normaliseRanges, parseRanges, rangesOf, uidsOf } from './uid-set.ts';

const uids = fc.uniqueArray(fc.integer({ min: 1, max: 200 })).map((list) => list.toSorted((a, b) => a - b));

test('uids survive the way into ranges, into text and back', () => {
  fc.assert(
    fc.property(uids, (list) => {
      const ranges = rangesOf(list);
      assert.deepEqual(parseRanges(formatRanges(ranges)), ranges);
      assert.deepEqual(uidsOf(ranges), list);
      assert.equal(countUids(ranges), list.length);
    }),
  );
});

test('any ranges are put in order, apart from each other', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(10)).map(([first, more]): [number, number] => [first, first + more]);
  fc.assert(
    fc.property(fc.array(range), (ranges) => {
      const all = [...new Set(ranges.flatMap((one) => uidsOf([one])))].toSorted((a, b) => a - b);
      assert.deepEqual(normaliseRanges(ranges), rangesOf(all));
    }),
  );
});
