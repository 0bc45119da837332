/**
 * RENAME: the mailbox and all below it. INBOX is special (rename-inbox.ts): its messages move, the name stays.
 * RFC 9051 §6.3.6 · RFC 8474 §4.1: the ids stay
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { advanceAccount, logChange } from './account-state.ts';
import { createParents, isBelow } from './create-mailbox.ts';
import { childRange, mailboxName } from './mailbox-name.ts';
import { defineMutation, type Mutation } from './mutation.ts';
import { all, one, run, sql } from './sql.ts';

export interface RenameMailboxArgs {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  /** The new name, as `mailboxName` gives it. */
  readonly name: string;
  readonly nowMs: number;
}

/**
 * Throws `mailbox-not-found`, `mailbox-exists`, `mailbox-protected` for INBOX, `mailbox-name-invalid` for a name below itself or when a name below would
 * become too long. Subscriptions are left as they are: they belong to names.
 */
export const renameMailbox: Mutation<RenameMailboxArgs, Modseq> = defineMutation('store.renameMailbox', function* (tx, args: RenameMailboxArgs) {
  const { account, mailbox, name, nowMs } = args;
  const row = yield* one<{ account: number; name: string }>(sql`SELECT account, name FROM mailbox WHERE mailbox = ${mailbox}`);
  if (!row || row.account !== account) throw new DomainError('mailbox-not-found', 'there is no such mailbox', { mailbox });
  if (row.name === 'INBOX') throw new DomainError('mailbox-protected', 'INBOX cannot be renamed like another mailbox');
  if (isBelow(name, row.name)) throw new DomainError('mailbox-name-invalid', 'a mailbox cannot be moved below itself');
  if (yield* one(sql`SELECT 1 AS yes FROM mailbox WHERE account = ${account} AND name = ${name}`))
    throw new DomainError('mailbox-exists', `the mailbox ${name} exists`, { name });
  const { from, before } = childRange(row.name);
  const target = childRange(name);
  const inTheWay = yield* one(sql`SELECT 1 AS yes FROM mailbox WHERE account = ${account} AND name >= ${target.from} AND name < ${target.before} LIMIT 1`);
  if (inTheWay) throw new DomainError('mailbox-exists', `there are mailboxes below ${name}`, { name });
  yield* createParents(tx, account, name, nowMs);

  const below = yield* all<{ mailbox: MailboxId; name: string }>(
    sql`SELECT mailbox, name FROM mailbox WHERE account = ${account} AND name >= ${from} AND name < ${before} ORDER BY name`,
  );
  const { modseq } = yield* advanceAccount(account);
  for (const moved of [{ mailbox, name: row.name }, ...below]) {
    const renamed = mailboxName(name + moved.name.slice(row.name.length));
    yield* run(sql`UPDATE mailbox SET name = ${renamed} WHERE mailbox = ${moved.mailbox}`);
    yield* logChange({ account, modseq, mailbox: moved.mailbox, kind: 'mailbox-changed', nowMs });
  }
  tx.hint(account, modseq);
  return modseq;
});
