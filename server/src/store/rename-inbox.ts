/** RENAME INBOX: its messages move to a new mailbox, INBOX stays, empty, and so do the mailboxes below it. RFC 9051 §6.3.6 */
import type { AccountId, MailboxId } from '#core/ids.ts';
import { createMailbox } from './create-mailbox.ts';
import { allUids, moveInSlices } from './slices.ts';
import type { Store } from './store.ts';

/** Throws `mailbox-exists` and what else createMailbox throws. The move is made in slices: a crash leaves each message in one of the two. */
export async function renameInbox(
  store: Store,
  { account, inbox, name, nowMs }: { readonly account: AccountId; readonly inbox: MailboxId; readonly name: string; readonly nowMs: number },
): Promise<MailboxId> {
  const { mailbox } = await store.commit(createMailbox, { account, name, nowMs });
  using base = await store.openMailbox(inbox);
  await moveInSlices(store, { account, from: inbox, to: mailbox, uids: allUids(base), nowMs });
  return mailbox;
}
