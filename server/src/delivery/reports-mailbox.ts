/** Where reports of other servers are filed: they are read by the server, and would hide the administrator's mail. Part of a mutation */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { createMailboxProgram } from '#store/create-mailbox.ts';
import type { Tx } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';

/** The mailbox called Reports, or a new one; INBOX where none can be made. */
export function* reportsMailbox(tx: Tx, account: AccountId, inbox: MailboxId, nowMs: number): Program<MailboxId> {
  const found = yield* one<{ readonly mailbox: MailboxId; readonly selectable: number }>(sql`
    SELECT mailbox, selectable FROM mailbox WHERE account = ${account} AND name = 'Reports'`);
  if (found !== undefined) return found.selectable === 1 ? found.mailbox : inbox;
  try {
    const created = yield* createMailboxProgram(tx, { account, name: 'Reports', isSubscribed: true, nowMs });
    return created.mailbox;
  } catch (error) {
    if (error instanceof DomainError && (error.code === 'object-limit' || error.code === 'bad-request')) return inbox;
    throw error;
  }
}
