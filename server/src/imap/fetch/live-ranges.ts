/** Which ranges of uids to read for some messages of a mailbox. */
import type { MailboxBase } from '#store/mailbox-base.ts';

/** Ranges of uids (first, last, first, last...) to read for these, which ascend: one range where that reads few others, else their runs. */
export function liveRanges(uids: Uint32Array, base: MailboxBase): number[] {
  const firstUid = uids[0] ?? 0;
  const lastUid = uids[uids.length - 1] ?? 0;
  const span = base.lowerBound(lastUid + 1) - base.lowerBound(firstUid);
  if (span === 0) return [];
  if (span <= uids.length * 2) return [firstUid, lastUid];
  const ranges: number[] = [];
  let previous = -2;
  for (const uid of uids) {
    const index = base.indexOf(uid);
    if (index < 0) continue;
    if (index === previous + 1) ranges[ranges.length - 1] = uid;
    else ranges.push(uid, uid);
    previous = index;
  }
  return ranges;
}
