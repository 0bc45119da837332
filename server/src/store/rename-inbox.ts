/** RENAME INBOX: its messages move to a new mailbox, INBOX stays, empty, and so do the mailboxes below it. RFC 9051 §6.3.6 */
import type { AccountId, MailboxId } from '#core/ids.ts';
import { type Copied, type CopyArgs, moveMessages } from './copy-messages.ts';
import { createMailbox } from './create-mailbox.ts';
import { commitSlices, slicesOf } from './slices.ts';
import type { Store } from './store.ts';

/** `move` moves one slice. Throws `mailbox-exists` and what else createMailbox throws. The move is made in slices: a crash leaves each message in one of the two. */
export async function renameInbox(
  store: Store,
  { account, inbox, name, nowMs }: { readonly account: AccountId; readonly inbox: MailboxId; readonly name: string; readonly nowMs: number },
  move: (args: CopyArgs) => Promise<Copied> = (args) => store.commit(moveMessages, args),
): Promise<MailboxId> {
  const { mailbox } = await store.commit(createMailbox, { account, name, nowMs });
  using base = await store.openMailbox(inbox);
  const slices = slicesOf(base.uids.subarray(0, base.length), base);
  await commitSlices(slices, ({ set }) => move({ account, from: inbox, to: mailbox, uids: set, nowMs }));
  return mailbox;
}
