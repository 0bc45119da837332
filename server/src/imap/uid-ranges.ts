/** Ascending lists of uid ranges, which stand for many uids without a place for each. */
import type { SequenceRange } from './wire/sequence-set.ts';

/** What two ascending lists of ranges have in common. */
export function intersect(a: readonly SequenceRange[], b: readonly SequenceRange[]): SequenceRange[] {
  const common: SequenceRange[] = [];
  for (let i = 0, j = 0; ; ) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return common;
    const first = Math.max(left.first, right.first);
    const last = Math.min(left.last, right.last);
    if (first <= last) common.push({ first, last });
    if (left.last < right.last) i++;
    else j++;
  }
}

/** In the form of a sequence set; empty for none. RFC 9051 §9 */
export function formatRanges(ranges: readonly SequenceRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}:${last}`)).join(',');
}

/** The ranges without those of the first `length` of `uids` (ascending) that lie in them. Costs the uids that are left out, not those between ranges. */
export function withoutUids(ranges: readonly SequenceRange[], uids: Uint32Array, length: number): SequenceRange[] {
  const rest: SequenceRange[] = [];
  for (const { first, last } of ranges) {
    let next = first;
    for (let i = lowerBound(uids, length, first); i < length; i++) {
      const uid = uids[i] ?? 0;
      if (uid > last) break;
      if (uid > next) rest.push({ first: next, last: uid - 1 });
      next = uid + 1;
    }
    if (next <= last) rest.push({ first: next, last });
  }
  return rest;
}

/** The place of the first of `length` ascending numbers that is not below `wanted`. */
export function lowerBound(numbers: Uint32Array, length: number, wanted: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
