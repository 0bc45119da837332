/**
 * The mail of an account that is removed: its mailboxes are gone at once for everybody; housekeeping takes their entries, messages and bodies away as for any
 * deleted mailbox; in the end what is left of the account itself goes. Programs, for the directory's mutations.
 */
import { type AccountId, idRange, type MailboxId } from '#core/ids.ts';
import { advanceAccount, logChange } from './account-state.ts';
import type { Tx } from './mutation.ts';
import { one, type Program, rows, run, sql } from './sql.ts';

/** Deletes mailboxes of the account, INBOX too; returns whether there may be more. */
export function* deleteAllMailboxes(tx: Tx, args: { readonly account: AccountId; readonly limit: number; readonly nowMs: number }): Program<boolean> {
  const { account, limit, nowMs } = args;
  const found = yield* rows<readonly [mailbox: MailboxId, messages: number, bytes: number]>(
    sql`SELECT mailbox, messages, bytes FROM mailbox WHERE account = ${account} ORDER BY name = 'INBOX' DESC, name LIMIT ${limit}`,
  );
  if (found.length === 0) return false;
  const messages = found.reduce((sum, [, count]) => sum + count, 0);
  const bytes = found.reduce((sum, [, , size]) => sum + size, 0);
  const { modseq } = yield* advanceAccount(account, { bytes: -bytes, messages: -messages });
  for (const [mailbox, count] of found) {
    yield* run(sql`DELETE FROM mailbox WHERE mailbox = ${mailbox}`);
    if (count > 0) yield* run(sql`INSERT INTO deleted_mailbox (mailbox, deleted_at) VALUES (${mailbox}, ${nowMs})`);
    yield* logChange({ account, modseq, mailbox, kind: 'mailbox-deleted', nowMs });
  }
  tx.hint(account, modseq);
  return found.length === limit;
}

/** Once housekeeping has destroyed the last message: forgets what is left, a slice at a time. `later`: there are still messages. */
export function* forgetAccountMail(account: AccountId, limit: number): Program<'more' | 'later' | 'done'> {
  const { first, last } = idRange(account);
  const isInUse = yield* one(sql`
    SELECT 1 AS yes WHERE EXISTS (SELECT 1 FROM mailbox WHERE account = ${account})
      OR EXISTS (SELECT 1 FROM deleted_mailbox WHERE mailbox BETWEEN ${first} AND ${last})
      OR EXISTS (SELECT 1 FROM message WHERE email BETWEEN ${first} AND ${last})
      OR EXISTS (SELECT 1 FROM orphan WHERE email BETWEEN ${first} AND ${last})`);
  if (isInUse) return 'later';
  const changes = yield* run(sql`
    DELETE FROM change WHERE account = ${account} AND (modseq, mailbox, kind) IN
      (SELECT modseq, mailbox, kind FROM change WHERE account = ${account} ORDER BY modseq, mailbox, kind LIMIT ${limit})`);
  const keys = yield* run(sql`
    DELETE FROM thread_key WHERE account = ${account} AND hash IN (SELECT hash FROM thread_key WHERE account = ${account} ORDER BY hash LIMIT ${limit})`);
  if (changes === limit || keys === limit) return 'more';
  yield* run(sql`DELETE FROM keyword WHERE account = ${account}`);
  yield* run(sql`DELETE FROM subscription WHERE account = ${account}`);
  yield* run(sql`DELETE FROM account_state WHERE account = ${account}`);
  return 'done';
}
