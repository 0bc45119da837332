/** Reads the change log: JMAP /changes, QRESYNC, search and push. */
import type { AccountId, EmailId, MailboxId, Modseq } from '#core/ids.ts';
import type { ChangeKind } from './account-state.ts';
import { one, type Program, rows, sql } from './sql.ts';
import { normaliseRanges, parseRanges, type UidRange } from './uid-set.ts';

export interface LoggedChange {
  readonly modseq: Modseq;
  readonly mailbox: MailboxId;
  readonly kind: ChangeKind;
  /** Sequence-set form. */
  readonly uids: string;
  /** Of an expunge: the email ids in the order of the uids. */
  readonly emails: readonly EmailId[];
}

export interface LoggedChanges {
  /** Whether changes after `since` have been pruned: what follows is not all. */
  readonly isPruned: boolean;
  readonly changes: readonly LoggedChange[];
  /** The account is known to be like this up to here; ask again from here when `hasMore`. */
  readonly upTo: Modseq;
  readonly hasMore: boolean;
}

/** Changes of an account after a modseq, oldest first, at most `limit` rows (and the rest of the last modseq). */
export function* changesSince(account: AccountId, since: Modseq, limit: number = 1000): Program<LoggedChanges> {
  const state = yield* one<{ modseq: number; log_floor: number }>(sql`SELECT modseq, log_floor FROM account_state WHERE account = ${account}`);
  if (!state || since >= state.modseq) return { isPruned: false, changes: [], upTo: (state?.modseq ?? since) as Modseq, hasMore: false };
  const found = yield* rows<[number, number, ChangeKind, string, Uint8Array | null]>(
    sql`SELECT modseq, mailbox, kind, uids, emails FROM change WHERE account = ${account} AND modseq > ${since} ORDER BY modseq LIMIT ${limit + 1}`,
  );
  const hasMore = found.length > limit;
  const last = found[found.length - 1]?.[0] ?? state.modseq;
  // A modseq is never cut in two, unless it alone is larger than the limit.
  const cut = hasMore && found[0]?.[0] !== last ? found.filter(([modseq]) => modseq !== last) : found;
  return {
    isPruned: state.log_floor > since,
    changes: cut.map(([modseq, mailbox, kind, uids, emails]) => ({
      modseq: modseq as Modseq,
      mailbox: mailbox as MailboxId,
      kind,
      uids,
      emails: emails ? decodeEmails(emails) : [],
    })),
    upTo: (hasMore ? (cut[cut.length - 1]?.[0] ?? since) : state.modseq) as Modseq,
    hasMore,
  };
}

/** Rows of the log that are read for the changes of one mailbox: some 10 ms. */
const MOST_TOUCHES = 4000;

/**
 * Uids that were expunged from a mailbox after a modseq, for VANISHED (EARLIER). When the log has been pruned that far: undefined, and the caller
 * answers with every uid below UIDNEXT that is not there now. RFC 7162 §3.2.5.1, §3.2.6
 */
export function* expungedSince(mailbox: MailboxId, account: AccountId, since: Modseq): Program<readonly UidRange[] | undefined> {
  if (yield* isPrunedSince(account, since)) return undefined;
  const found = yield* rows<[string]>(
    sql`SELECT uids FROM change WHERE account = ${account} AND modseq > ${since} AND mailbox = ${mailbox} AND kind = 'expunge'`,
  );
  return normaliseRanges(found.flatMap(([uids]) => parseRanges(uids)));
}

/**
 * Uids that came to a mailbox after a modseq, or whose flags changed; also some that have left since, or were changed again. Undefined when the log has been pruned
 * that far, or tells of so much that it is quicker to look at all messages.
 */
export function* touchedSince(mailbox: MailboxId, account: AccountId, since: Modseq): Program<readonly UidRange[] | undefined> {
  if (yield* isPrunedSince(account, since)) return undefined;
  const found = yield* rows<[string]>(
    sql`SELECT uids FROM change WHERE account = ${account} AND modseq > ${since} AND mailbox = ${mailbox} AND kind IN ('append', 'flags')
        LIMIT ${MOST_TOUCHES + 1}`,
  );
  return found.length > MOST_TOUCHES ? undefined : normaliseRanges(found.flatMap(([uids]) => parseRanges(uids)));
}

function* isPrunedSince(account: AccountId, since: Modseq): Program<boolean> {
  const state = yield* one<{ log_floor: number }>(sql`SELECT log_floor FROM account_state WHERE account = ${account}`);
  return state !== undefined && state.log_floor > since;
}

function decodeEmails(bytes: Uint8Array): EmailId[] {
  // A copy: the driver's memory need not be aligned to eight.
  return Array.from(new Float64Array(new Uint8Array(bytes).buffer)) as EmailId[];
}
