/** Sets of uids as ordered ranges, and their text form in the change log: `1:4,7`. RFC 9051 §9 (sequence-set, without `*`) */

/** Both ends included; first <= last. */
export type UidRange = readonly [first: number, last: number];

/** Ascending and apart from each other. */
export type UidRanges = readonly UidRange[];

/** The ranges of ascending uids. */
export function rangesOf(uids: Iterable<number>): UidRange[] {
  const ranges: [number, number][] = [];
  let open: [number, number] | undefined;
  for (const uid of uids) {
    if (open && uid === open[1] + 1) open[1] = uid;
    else if (!open || uid > open[1]) {
      open = [uid, uid];
      ranges.push(open);
    }
  }
  return ranges;
}

/** Any ranges, put in order and joined where they touch. */
export function normaliseRanges(ranges: UidRanges): UidRange[] {
  const result: [number, number][] = [];
  let open: [number, number] | undefined;
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (open && first <= open[1] + 1) open[1] = Math.max(open[1], last);
    else {
      open = [first, last];
      result.push(open);
    }
  }
  return result;
}

export function formatRanges(ranges: UidRanges): string {
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}:${last}`)).join(',');
}

export function parseRanges(text: string): UidRange[] {
  if (text === '') return [];
  return text.split(',').map((range) => {
    const [first, last] = range.split(':');
    return [Number(first), Number(last ?? first)];
  });
}

/** How many uids the ranges hold. */
export function countUids(ranges: UidRanges): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The uids one by one. The caller knows that they are not too many. */
export function uidsOf(ranges: UidRanges): number[] {
  const uids: number[] = [];
  for (const [first, last] of ranges) for (let uid = first; uid <= last; uid++) uids.push(uid);
  return uids;
}
