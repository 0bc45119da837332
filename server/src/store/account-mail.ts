/** The mail of a new account: its counters and the mailboxes that everybody has. RFC 6154 · RFC 9051 §5.1 (INBOX) */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { createMailboxProgram } from './create-mailbox.ts';
import { defineMutation, type Mutation, type Tx } from './mutation.ts';
import { one, type Program, run, sql } from './sql.ts';

export const DEFAULT_MAILBOXES: readonly { readonly name: string; readonly specialUse: string }[] = [
  { name: 'INBOX', specialUse: '' },
  { name: 'Drafts', specialUse: '\\Drafts' },
  { name: 'Sent', specialUse: '\\Sent' },
  { name: 'Archive', specialUse: '\\Archive' },
  { name: 'Junk', specialUse: '\\Junk' },
  { name: 'Trash', specialUse: '\\Trash' },
];

export interface CreateAccountMailArgs {
  readonly account: AccountId;
  readonly nowMs: number;
}

/** Returns the id of INBOX. Throws `account-exists`. */
export const createAccountMail: Mutation<CreateAccountMailArgs, MailboxId> = defineMutation('store.createAccountMail', createAccountMailProgram);

/** The same as a part of another mutation: the directory's, which makes the account. */
export function* createAccountMailProgram(tx: Tx, { account, nowMs }: CreateAccountMailArgs): Program<MailboxId> {
  if (yield* one(sql`SELECT 1 AS yes FROM account_state WHERE account = ${account}`))
    throw new DomainError('account-exists', `account ${account} has mail already`);
  yield* run(sql`INSERT INTO account_state (account, uidvalidity) VALUES (${account}, ${Math.floor(nowMs / 1000) - 1})`);
  let inbox: MailboxId | undefined;
  for (const { name, specialUse } of DEFAULT_MAILBOXES) {
    const { mailbox } = yield* createMailboxProgram(tx, { account, name, specialUse, isSubscribed: true, nowMs });
    inbox ??= mailbox;
  }
  return inbox as MailboxId;
}
