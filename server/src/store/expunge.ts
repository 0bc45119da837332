/**
 * EXPUNGE: takes entries out of a mailbox at once. The messages themselves stay for a grace time, so that a session in which a client has not been
 * told yet can still serve them; housekeeping destroys what no mailbox holds any more. RFC 9051 §6.4.3, §6.4.9 · RFC 4315
 */
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { advanceAccount, logChange } from './account-state.ts';
import { bit, DELETED } from './flags.ts';
import { defineMutation, type Mutation, type Tx } from './mutation.ts';
import { type Program, rows, run, sql } from './sql.ts';
import { countInMailbox, Tally } from './tally.ts';
import { formatRanges, parseRanges, rangesOf } from './uid-set.ts';

export interface ExpungeArgs {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  /** Sequence-set form; at most 1,000 messages, see slices.ts. Uids that are not there are passed over. */
  readonly uids: string;
  /** Only those that have \Deleted now. */
  readonly onlyDeleted: boolean;
  readonly nowMs: number;
}

export interface Expunged {
  /** Undefined when nothing was there to expunge. */
  readonly modseq: Modseq | undefined;
  /** Sequence-set form. */
  readonly uids: string;
}

/** For mutations that also tell of it: the message of each entry, in the order of uids. */
export interface ExpungedEntries extends Expunged {
  readonly emails: readonly number[];
}

export const expunge: Mutation<ExpungeArgs, Expunged> = defineMutation('store.expunge', function* (tx, args: ExpungeArgs) {
  const { modseq, uids } = yield* expungeEntries(tx, args);
  return { modseq, uids };
});

/** Part of a mutation. */
export function* expungeEntries(tx: Tx, args: ExpungeArgs): Program<ExpungedEntries> {
  const { account, mailbox, nowMs } = args;
  const ranges = parseRanges(args.uids);
  // Bits that an entry must have.
  const required = args.onlyDeleted ? bit(DELETED) : 0;
  const uids: number[] = [];
  const emails: number[] = [];
  const tally = new Tally();
  for (const [first, last] of ranges) {
    const found = yield* rows<[uid: number, email: number, flags: number, size: number]>(
      sql`SELECT uid, email, flags, size FROM entry WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND (flags & ${required}) = ${required} ORDER BY uid`,
    );
    for (const [uid, email, flags, size] of found) {
      uids.push(uid);
      emails.push(email);
      tally.add(flags, size, -1);
    }
  }
  if (uids.length === 0) return { modseq: undefined, uids: '', emails };

  const { modseq } = yield* advanceAccount(account, { bytes: tally.bytes, messages: tally.messages });
  for (const [first, last] of ranges) {
    yield* run(
      sql`INSERT INTO orphan (email, since)
          SELECT DISTINCT email, ${nowMs} FROM entry WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND (flags & ${required}) = ${required}
          ON CONFLICT (email) DO UPDATE SET since = excluded.since`,
    );
    yield* run(sql`DELETE FROM entry WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND (flags & ${required}) = ${required}`);
  }
  yield* countInMailbox(account, mailbox, modseq, tally);
  const gone = formatRanges(rangesOf(uids));
  yield* logChange({ account, modseq, mailbox, kind: 'expunge', uids: gone, emails, nowMs });
  tx.hint(account, modseq);
  return { modseq, uids: gone, emails };
}
