/**
 * DELETE: the mailbox and its messages are gone at once for everybody, however many they are; housekeeping takes the entries away in slices. Where
 * there are mailboxes below, the name stays as one that cannot be selected. RFC 9051 §6.3.5
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { advanceAccount, logChange } from './account-state.ts';
import { insertMailbox } from './create-mailbox.ts';
import { childRange } from './mailbox-name.ts';
import { defineMutation, type Mutation } from './mutation.ts';
import { one, run, sql } from './sql.ts';

export interface DeleteMailboxArgs {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  readonly nowMs: number;
}

/** Throws `mailbox-not-found`, `mailbox-protected` for INBOX, `mailbox-has-children` for a name that cannot be selected and has others below. */
export const deleteMailbox: Mutation<DeleteMailboxArgs, Modseq> = defineMutation('store.deleteMailbox', function* (tx, args: DeleteMailboxArgs) {
  const { account, mailbox, nowMs } = args;
  const row = yield* one<{ account: number; name: string; selectable: number; messages: number; bytes: number }>(
    sql`SELECT account, name, selectable, messages, bytes FROM mailbox WHERE mailbox = ${mailbox}`,
  );
  if (!row || row.account !== account) throw new DomainError('mailbox-not-found', 'there is no such mailbox', { mailbox });
  if (row.name === 'INBOX') throw new DomainError('mailbox-protected', 'INBOX cannot be deleted');
  const { from, before } = childRange(row.name);
  const child = yield* one(sql`SELECT 1 AS yes FROM mailbox WHERE account = ${account} AND name >= ${from} AND name < ${before} LIMIT 1`);
  if (child && row.selectable === 0) throw new DomainError('mailbox-has-children', 'there are mailboxes below this one', { mailbox });

  const { modseq } = yield* advanceAccount(account, { bytes: -row.bytes, messages: -row.messages });
  yield* run(sql`DELETE FROM mailbox WHERE mailbox = ${mailbox}`);
  if (row.messages > 0) yield* run(sql`INSERT INTO deleted_mailbox (mailbox, deleted_at) VALUES (${mailbox}, ${nowMs})`);
  yield* logChange({ account, modseq, mailbox, kind: 'mailbox-deleted', nowMs });
  tx.hint(account, modseq);
  if (child) yield* insertMailbox(tx, account, row.name, '', nowMs, false);
  return modseq;
});
