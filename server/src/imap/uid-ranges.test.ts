import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRanges, intersect, withoutUids } from './uid-ranges.ts';

test('ranges lose the uids that are still there', () => {
  const uids = Uint32Array.of(2, 5, 6, 9, 12);
  assert.equal(formatRanges(withoutUids([{ first: 1, last: 10 }], uids, 4)), '1,3:4,7:8,10');
  assert.equal(formatRanges(withoutUids([{ first: 12, last: 12 }], uids, 4)), '12', 'what lies behind the length does not count');
  assert.equal(formatRanges(withoutUids([{ first: 5, last: 6 }], uids, 5)), '');
});

const set = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }).map((numbers) => numbers.toSorted((a, b) => a - b));

test('what is left is what a set would leave, ascending and apart', () => {
  fc.assert(
    fc.property(set, set, (named, present) => {
      const rest = withoutUids(ranges(named), Uint32Array.from(present), present.length);
      assert.deepEqual(
        rest.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
        named.filter((uid) => !present.includes(uid)),
      );
    }),
  );
});

test('what two sets have in common', () => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      assert.deepEqual(
        intersect(ranges(a), ranges(b)).flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
        a.filter((uid) => b.includes(uid)),
      );
    }),
  );
});

function ranges(numbers: readonly number[]): { first: number; last: number }[] {
  const found: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const open = found.at(-1);
    if (open && open.last === number - 1) open.last = number;
    else found.push({ first: number, last: number });
  }
  return found;
}
