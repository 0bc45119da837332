/**
 * Sequence sets as they are written: numbers, ranges, `*` and `$`. What they stand for depends on the view: see View.uidsOf.
 *
 * RFC 9051 §9 (sequence-set) · RFC 5182 §2.1 (`$`)
 */

/** `*`: greater than any number that can be written. */
export const STAR: number = 2 ** 32;

/** Both ends belong to it; either may be the greater one (RFC 9051: `4:2` is `2:4`), either may be STAR. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

export interface SequenceSet {
  readonly ranges: readonly SequenceRange[];
  /** Whether the set contains `$`, the result that the last SEARCH saved. */
  readonly hasSaved: boolean;
}

/** Ascending, without overlaps or neighbours, with STAR and everything above `largest` resolved as RFC 9051 says: `*` is the largest number in use. */
export function normalizeRanges(ranges: readonly SequenceRange[], largest: number): SequenceRange[] {
  const ordered = ranges.map(({ first, last }) => {
    const a = first === STAR ? largest : first;
    const b = last === STAR ? largest : last;
    return a <= b ? { first: a, last: b } : { first: b, last: a };
  });
  if (ordered.some((range, index) => index > 0 && range.first < (ordered[index - 1]?.first ?? 0))) ordered.sort((a, b) => a.first - b.first);
  const merged: { first: number; last: number }[] = [];
  for (const range of ordered) {
    const previous = merged.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last);
    else merged.push({ ...range });
  }
  return merged;
}

/** Ascending numbers in their shortest written form, `1:3,5`; empty for none. At most `length` of them are read. */
export function writeSet(numbers: ArrayLike<number>, length: number = numbers.length): string {
  const parts: string[] = [];
  for (let i = 0; i < length; ) {
    const first = numbers[i] ?? 0;
    let last = first;
    for (i++; i < length && numbers[i] === last + 1; i++) last++;
    parts.push(first === last ? `${first}` : `${first}:${last}`);
  }
  return parts.join(',');
}
