/**
 * VANISHED (EARLIER) of UID FETCH: which of the named uids have left since a modseq.
 *
 * RFC 7162 §3.2.6
 */
import type { Modseq } from '#core/ids.ts';
import type { MailboxBase } from '#store/mailbox-base.ts';
import { vanishedSince } from '#store/read-change-log.ts';
import { intersect } from '../resynchronize.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import { normalizeRanges, type SequenceRange, type SequenceSet } from '../wire/sequence-set.ts';

export async function tellVanishedSince(session: Session, { mailbox, base }: Selected, set: SequenceSet, modseq: Modseq): Promise<void> {
  const wanted = normalizeRanges(set.ranges, Math.max(1, base.uidNext - 1));
  const logged = await session.store.query(vanishedSince(mailbox, session.account, modseq));
  // Where the log was pruned: everything that is not there now. The client may know some of it already, which does no harm.
  const left = logged?.map(([first, last]) => ({ first, last })) ?? gaps(base);
  const vanished = intersect(wanted, left);
  if (vanished.length > 0)
    session.untagged(`VANISHED (EARLIER) ${vanished.map(({ first, last }) => (first === last ? `${first}` : `${first}:${last}`)).join(',')}`);
}

/** The uids below UIDNEXT that no message has. */
function gaps({ uids, length, uidNext }: MailboxBase): SequenceRange[] {
  const found: SequenceRange[] = [];
  let next = 1;
  for (let i = 0; i < length; i++) {
    const uid = uids[i] ?? 0;
    if (uid > next) found.push({ first: next, last: uid - 1 });
    next = uid + 1;
  }
  if (next < uidNext) found.push({ first: next, last: uidNext - 1 });
  return found;
}
