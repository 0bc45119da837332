/** The one row of an account that every change of its mail goes through, and the change log's rows. */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { one, type Program, run, sql } from './sql.ts';

export type ChangeKind = 'append' | 'flags' | 'expunge' | 'mailbox-created' | 'mailbox-changed' | 'mailbox-deleted';

export interface Growth {
  readonly bytes?: number;
  readonly messages?: number;
  /** Email ids to be taken. */
  readonly emails?: number;
  /** Mailbox ids to be taken. */
  readonly mailboxes?: number;
}

export interface AccountRow {
  readonly modseq: Modseq;
  /** Before the growth: the first id that was taken. */
  readonly nextEmail: number;
  readonly nextMailbox: number;
  readonly usedBytes: number;
}

/** Takes the account's next modseq and counts. Throws `account-not-found`. */
export function* advanceAccount(account: AccountId, growth: Growth = {}): Program<AccountRow> {
  const { bytes = 0, messages = 0, emails = 0, mailboxes = 0 } = growth;
  const row = yield* one<{ modseq: number; next_email: number; next_mailbox: number; used_bytes: number }>(
    sql`UPDATE account_state SET modseq = modseq + 1, used_bytes = used_bytes + ${bytes}, used_messages = used_messages + ${messages},
          next_email = next_email + ${emails}, next_mailbox = next_mailbox + ${mailboxes}
        WHERE account = ${account} RETURNING modseq, next_email, next_mailbox, used_bytes`,
  );
  if (!row) throw new DomainError('account-not-found', `account ${account} has no mail`, { account });
  return { modseq: row.modseq as Modseq, nextEmail: row.next_email - emails, nextMailbox: row.next_mailbox - mailboxes, usedBytes: row.used_bytes };
}

/** Refuses what would take the account over its quota; 0 or undefined: no quota. Deliveries do not ask: what RCPT accepted is delivered. */
export function* checkQuota(account: AccountId, addedBytes: number, limitBytes: number | undefined): Program<void> {
  if (!limitBytes) return;
  const row = yield* one<{ used_bytes: number }>(sql`SELECT used_bytes FROM account_state WHERE account = ${account}`);
  if (row && row.used_bytes + addedBytes > limitBytes) throw new DomainError('over-quota', 'the account has no room for this', { account, limitBytes });
}

/** Writes a row of the change log. */
export function* logChange(change: {
  readonly account: AccountId;
  readonly modseq: Modseq;
  readonly mailbox: MailboxId;
  readonly kind: ChangeKind;
  readonly uids?: string;
  readonly emails?: readonly number[];
  readonly nowMs: number;
}): Program<void> {
  const emails = change.emails ? new Uint8Array(Float64Array.from(change.emails).buffer) : null;
  yield* run(
    sql`INSERT INTO change (account, modseq, mailbox, kind, uids, emails, at)
        VALUES (${change.account}, ${change.modseq}, ${change.mailbox}, ${change.kind}, ${change.uids ?? ''}, ${emails}, ${change.nowMs})`,
  );
}
