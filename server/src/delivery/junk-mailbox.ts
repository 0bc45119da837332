/** Where mail is filed that its owner should not find among the rest. RFC 6154 §2 (\\Junk) · part of a mutation */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { createMailboxProgram } from '#store/create-mailbox.ts';
import type { Tx } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';

/** The mailbox with the special use \Junk, else one that is called so, else a new one; INBOX where none can be made. */
export function* junkMailbox(tx: Tx, account: AccountId, inbox: MailboxId, nowMs: number): Program<MailboxId> {
  const found = yield* one<{ readonly mailbox: MailboxId }>(sql`
    SELECT mailbox FROM mailbox WHERE account = ${account} AND selectable = 1 AND (special_use = '\\Junk' OR name = 'Junk')
    ORDER BY special_use = '\\Junk' DESC LIMIT 1`);
  if (found !== undefined) return found.mailbox;
  try {
    const created = yield* createMailboxProgram(tx, { account, name: 'Junk', specialUse: '\\Junk', isSubscribed: true, nowMs });
    return created.mailbox;
  } catch (error) {
    // Too many mailboxes, or one with that special use that cannot hold mail.
    if (error instanceof DomainError && (error.code === 'object-limit' || error.code === 'bad-request')) return inbox;
    throw error;
  }
}
