/**
 * \Recent: a message is recent in the first session that is told of it (IMAP4rev1 only). Sessions of one thread share the table of a mailbox, so the claim
 * lies beside it; the store remembers up to where messages have been claimed when a session leaves the mailbox or selects it.
 *
 * Deviation: two sessions on different threads that are both told of the same new message while they have the mailbox open both show it as recent, which
 * RFC 3501 §2.3.2 allows where the server cannot determine who was first.
 */
import type { MailboxBase } from '#store/mailbox-base.ts';
import type { Selected } from './selected.ts';

/** The first uid that no session of this thread was told of. */
const claims = new WeakMap<MailboxBase, number>();

/** Takes the messages from `firstUid` to below `endUid` as recent for this session, as far as no other one has. EXAMINE takes nothing from others. */
export function claimRecent(selected: Selected, firstUid: number, endUid: number): void {
  const from = Math.max(firstUid, claims.get(selected.base) ?? 0);
  selected.view.addRecent(from, endUid);
  if (!selected.readOnly && endUid > from) claims.set(selected.base, endUid);
}

/** The first uid from which on messages may still be recent. */
export function claimedEnd(base: MailboxBase): number {
  return claims.get(base) ?? 0;
}
