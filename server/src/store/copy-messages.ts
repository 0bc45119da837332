/**
 * COPY and MOVE of entries between mailboxes of one account: rows only, the message and its id stay. A copy keeps flags and gets a new uid, modseq and
 * save date. RFC 9051 §6.4.7, §6.4.8 · RFC 8474 §5.1 · RFC 8514
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { advanceAccount, checkQuota, logChange } from './account-state.ts';
import { defineMutation, type Mutation, type Tx } from './mutation.ts';
import { one, type Program, rows, run, sql } from './sql.ts';
import { countInMailbox, Tally } from './tally.ts';
import { formatRanges, parseRanges, rangesOf, type UidRange } from './uid-set.ts';

export interface CopyArgs {
  readonly account: AccountId;
  readonly from: MailboxId;
  readonly to: MailboxId;
  /** Sequence-set form; at most 1,000 messages, see slices.ts. Uids that are not there are passed over. */
  readonly uids: string;
  readonly nowMs: number;
  /** Quota in octets for COPY; 0 or undefined: none. */
  readonly limitBytes?: number;
}

export interface Copied {
  /** Undefined when nothing was there to copy. */
  readonly modseq: Modseq | undefined;
  readonly uidValidity: number;
  /** Uids in the source, in sequence-set form, and in the same order those in the target. */
  readonly source: string;
  readonly target: string;
}

/** For mutations that also tell of it: the message of each entry, in the order of uids. */
export interface CopiedEntries extends Copied {
  readonly emails: readonly number[];
}

interface Taken {
  readonly uids: number[];
  readonly emails: number[];
  readonly tally: Tally;
}

/** Throws `mailbox-not-found`, `mailbox-not-selectable`, `over-quota`. */
export const copyMessages: Mutation<CopyArgs, Copied> = defineMutation('store.copyMessages', function* (tx, args: CopyArgs) {
  return withoutEmails(yield* copyEntries(tx, args));
});

/** Part of a mutation. Throws as `copyMessages`. */
export function* copyEntries(tx: Tx, args: CopyArgs): Program<CopiedEntries> {
  const ranges = parseRanges(args.uids);
  const target = yield* findTarget(args);
  const taken = yield* readEntries(args.from, ranges);
  if (taken.uids.length === 0) return { modseq: undefined, uidValidity: target.uidValidity, source: '', target: '', emails: [] };
  yield* checkQuota(args.account, taken.tally.bytes, args.limitBytes);
  const { modseq } = yield* advanceAccount(args.account, { bytes: taken.tally.bytes, messages: taken.tally.messages });
  const uids = yield* insertCopies(args, ranges, taken, target.uidNext, modseq);
  tx.hint(args.account, modseq);
  return { modseq, uidValidity: target.uidValidity, source: formatRanges(rangesOf(taken.uids)), target: uids, emails: taken.emails };
}

/** Throws `mailbox-not-found`, `mailbox-not-selectable`. Each slice is atomic: a message is in one of the two mailboxes, never in both or none. */
export const moveMessages: Mutation<CopyArgs, Copied> = defineMutation('store.moveMessages', function* (tx, args: CopyArgs) {
  return withoutEmails(yield* moveEntries(tx, args));
});

/** Part of a mutation. Throws as `moveMessages`. */
export function* moveEntries(tx: Tx, args: CopyArgs): Program<CopiedEntries> {
  const { account, from, nowMs } = args;
  const ranges = parseRanges(args.uids);
  const target = yield* findTarget(args);
  const taken = yield* readEntries(from, ranges);
  if (taken.uids.length === 0) return { modseq: undefined, uidValidity: target.uidValidity, source: '', target: '', emails: [] };
  const { modseq } = yield* advanceAccount(account);
  const uids = yield* insertCopies(args, ranges, taken, target.uidNext, modseq);
  // Copies into the same mailbox have larger uids than all that are named.
  for (const [first, last] of ranges)
    yield* run(sql`DELETE FROM entry WHERE mailbox = ${from} AND uid BETWEEN ${first} AND ${Math.min(last, from === args.to ? target.uidNext - 1 : last)}`);
  const source = formatRanges(rangesOf(taken.uids));
  const left = new Tally();
  for (const flags of taken.tally.keywords) left.keywords.set(flags[0], -flags[1]);
  left.messages = -taken.tally.messages;
  left.unseen = -taken.tally.unseen;
  left.deleted = -taken.tally.deleted;
  left.bytes = -taken.tally.bytes;
  yield* countInMailbox(account, from, modseq, left);
  yield* logChange({ account, modseq, mailbox: from, kind: 'expunge', uids: source, emails: taken.emails, nowMs });
  tx.hint(account, modseq);
  return { modseq, uidValidity: target.uidValidity, source, target: uids, emails: taken.emails };
}

/** They need not travel to the thread that asked. */
function withoutEmails({ modseq, uidValidity, source, target }: CopiedEntries): Copied {
  return { modseq, uidValidity, source, target };
}

function* findTarget({ from, to, account }: CopyArgs): Program<{ readonly uidValidity: number; readonly uidNext: number }> {
  const source = yield* one<{ account: number }>(sql`SELECT account FROM mailbox WHERE mailbox = ${from}`);
  const target = yield* one<{ account: number; uidvalidity: number; uidnext: number; selectable: number }>(
    sql`SELECT account, uidvalidity, uidnext, selectable FROM mailbox WHERE mailbox = ${to}`,
  );
  if (!source || !target || source.account !== account || target.account !== account)
    throw new DomainError('mailbox-not-found', 'there is no such mailbox', { from, to });
  if (target.selectable === 0) throw new DomainError('mailbox-not-selectable', 'the mailbox cannot hold messages', { to });
  return { uidValidity: target.uidvalidity, uidNext: target.uidnext };
}

function* readEntries(mailbox: MailboxId, ranges: readonly UidRange[]): Program<Taken> {
  const taken: Taken = { uids: [], emails: [], tally: new Tally() };
  for (const [first, last] of ranges) {
    const found = yield* rows<[uid: number, email: number, flags: number, size: number]>(
      sql`SELECT uid, email, flags, size FROM entry WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} ORDER BY uid`,
    );
    for (const [uid, email, flags, size] of found) {
      taken.uids.push(uid);
      taken.emails.push(email);
      taken.tally.add(flags, size, 1);
    }
  }
  return taken;
}

/** Writes the new entries with consecutive uids, counts and logs them. Returns the uids in sequence-set form. */
function* insertCopies(args: CopyArgs, ranges: readonly UidRange[], taken: Taken, uidNext: number, modseq: Modseq): Program<string> {
  const { account, from, to, nowMs } = args;
  let next = uidNext;
  for (const [first, last] of ranges) {
    // The UIDL is the email id alone only for the first entry of that message in the mailbox, among those copied together too.
    next += yield* run(
      sql`INSERT INTO entry (mailbox, uid, email, flags, modseq, size, saved_at, uidl)
          SELECT ${to}, ${next - 1} + row_number() OVER (ORDER BY source.uid), source.email, source.flags, ${modseq}, source.size, ${nowMs},
            EXISTS (SELECT 1 FROM entry_of_message AS there WHERE there.email = source.email AND there.mailbox = ${to})
            OR EXISTS (SELECT 1 FROM entry_of_message AS twin WHERE twin.email = source.email AND twin.mailbox = ${from} AND twin.uid < source.uid)
          FROM entry AS source WHERE source.mailbox = ${from} AND source.uid BETWEEN ${first} AND ${Math.min(last, from === to ? uidNext - 1 : last)}`,
    );
  }
  if (next - uidNext !== taken.uids.length) throw new Error(`${next - uidNext} entries were copied instead of ${taken.uids.length}`);
  yield* run(sql`UPDATE mailbox SET uidnext = ${next} WHERE mailbox = ${to}`);
  yield* countInMailbox(account, to, modseq, taken.tally);
  const uids = formatRanges([[uidNext, next - 1]]);
  yield* logChange({ account, modseq, mailbox: to, kind: 'append', uids, nowMs });
  return uids;
}
