/**
 * Changes flags and keywords of entries: IMAP STORE, JMAP Email/set and Sieve addflag alike. Only entries whose flags really change get a new modseq.
 *
 * RFC 9051 §6.4.6 · RFC 7162 §3.1.3 (UNCHANGEDSINCE)
 */
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { advanceAccount, logChange } from './account-state.ts';
import { DELETED, hasFlag, union, without } from './flags.ts';
import { allocateKeywords, findKeywords } from './keywords.ts';
import { defineMutation, type Mutation, type Tx } from './mutation.ts';
import { countNumbers, parseNumbers } from './number-list.ts';
import { type Program, rows, run, type Statement, sql } from './sql.ts';
import { countInMailbox, Tally } from './tally.ts';
import { formatRanges, parseRanges, rangesOf, type UidRange } from './uid-set.ts';

export interface FlagChange {
  readonly mode: 'add' | 'remove' | 'replace';
  /** System flags, as bits. */
  readonly flags: number;
  /** By name; unknown ones are allocated, unless they are to be removed. */
  readonly keywords: readonly string[];
}

export interface UpdateFlagsArgs {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  /** Sequence-set form (uid-set.ts); at most 1,000 messages, see slices.ts. Uids that are not there are passed over. */
  readonly uids: string;
  readonly change: FlagChange;
  /** Entries with a larger modseq are left alone and told as `stale`. */
  readonly unchangedSince?: number;
  readonly nowMs: number;
}

export interface UpdatedFlags {
  /** Of the change; undefined when nothing changed. */
  readonly modseq: Modseq | undefined;
  /** Uids whose flags changed, in sequence-set form. */
  readonly changed: string;
  /** Uids that failed UNCHANGEDSINCE, in sequence-set form. */
  readonly stale: string;
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** For mutations that also tell of it: the messages on which \Deleted was set. */
export interface ChangedFlags extends UpdatedFlags {
  readonly emails: readonly number[];
}

export const updateFlags: Mutation<UpdateFlagsArgs, UpdatedFlags> = defineMutation('store.updateFlags', function* (tx, args: UpdateFlagsArgs) {
  const { modseq, changed, stale } = yield* changeFlags(tx, args);
  return { modseq, changed, stale };
});

/** Part of a mutation. */
export function* changeFlags(tx: Tx, args: UpdateFlagsArgs): Program<ChangedFlags> {
  const { account, mailbox, change } = args;
  const ranges = parseRanges(args.uids);
  const keywords = change.mode === 'remove' ? findKeywords(account, change.keywords) : allocateKeywords(account, change.keywords);
  const flags = union(change.flags, yield* keywords);
  const since = args.unchangedSince ?? NO_LIMIT;
  const setsDeleted = change.mode !== 'remove' && hasFlag(flags, DELETED);

  const stale: number[] = [];
  const changed: number[] = [];
  const emails: number[] = [];
  /** How many entries change, by the flags that they had. */
  const befores = new Map<number, number>();
  for (const range of ranges) {
    if (since !== NO_LIMIT) stale.push(...(yield* staleUids(mailbox, range, since)));
    const found = yield* affected(mailbox, range, change.mode, flags, since);
    for (let i = 0; i < found.count; i++) {
      const before = found.flags[i] ?? 0;
      changed.push(found.uid[i] ?? 0);
      befores.set(before, (befores.get(before) ?? 0) + 1);
      if (setsDeleted && !hasFlag(before, DELETED)) emails.push(found.email[i] ?? 0);
    }
  }
  if (changed.length === 0) return { modseq: undefined, changed: '', stale: formatRanges(rangesOf(stale)), emails };

  const tally = new Tally();
  for (const [before, times] of befores) tally.change(before, resultOf(change.mode, before, flags), times);
  const { modseq } = yield* advanceAccount(account);
  for (const range of ranges) yield* apply(mailbox, range, change.mode, flags, since, modseq);
  yield* countInMailbox(account, mailbox, modseq, tally);
  const uids = formatRanges(rangesOf(changed));
  yield* logChange({ account, modseq, mailbox, kind: 'flags', uids, nowMs: args.nowMs });
  tx.hint(account, modseq);
  return { modseq, changed: uids, stale: formatRanges(rangesOf(stale)), emails };
}

function* staleUids(mailbox: MailboxId, [first, last]: UidRange, since: number): Program<readonly number[]> {
  const found = yield* rows<[number]>(
    sql`SELECT uid FROM entry WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND modseq > ${since} ORDER BY uid`,
  );
  return found.map(([uid]) => uid);
}

function resultOf(mode: FlagChange['mode'], before: number, flags: number): number {
  switch (mode) {
    case 'add':
      return union(before, flags);
    case 'remove':
      return without(before, flags);
    case 'replace':
      return flags;
  }
}

/** Entries by column, ascending by uid. */
interface Affected {
  readonly count: number;
  readonly uid: Float64Array;
  readonly flags: Float64Array;
  readonly email: Float64Array;
}

/** Entries whose flags the change would change; they come in the order of their key. */
function* affected(mailbox: MailboxId, range: UidRange, mode: FlagChange['mode'], flags: number, since: number): Program<Affected> {
  const [row] = yield* rows<[uids: string | null, flags: string | null, emails: string | null]>(affectedRows(mailbox, range, mode, flags, since));
  const count = row?.[0] ? countNumbers(row[0]) : 0;
  return { count, uid: parseNumbers(row?.[0], count), flags: parseNumbers(row?.[1], count), email: parseNumbers(row?.[2], count) };
}

function affectedRows(mailbox: MailboxId, [first, last]: UidRange, mode: FlagChange['mode'], flags: number, since: number): Statement {
  switch (mode) {
    case 'add':
      return sql`SELECT group_concat(uid), group_concat(flags), group_concat(email) FROM entry
                 WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND (flags | ${flags}) <> flags AND modseq <= ${since}`;
    case 'remove':
      return sql`SELECT group_concat(uid), group_concat(flags), group_concat(email) FROM entry
                 WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND (flags & ${flags}) <> 0 AND modseq <= ${since}`;
    case 'replace':
      return sql`SELECT group_concat(uid), group_concat(flags), group_concat(email) FROM entry
                 WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND flags <> ${flags} AND modseq <= ${since}`;
  }
}

/** The same conditions as `affected`. */
function apply(mailbox: MailboxId, [first, last]: UidRange, mode: FlagChange['mode'], flags: number, since: number, modseq: Modseq): Program<number> {
  switch (mode) {
    case 'add':
      return run(
        sql`UPDATE entry SET flags = flags | ${flags}, modseq = ${modseq}
            WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND (flags | ${flags}) <> flags AND modseq <= ${since}`,
      );
    case 'remove':
      return run(
        sql`UPDATE entry SET flags = flags & ~${flags}, modseq = ${modseq}
            WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND (flags & ${flags}) <> 0 AND modseq <= ${since}`,
      );
    case 'replace':
      return run(
        sql`UPDATE entry SET flags = ${flags}, modseq = ${modseq}
            WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} AND flags <> ${flags} AND modseq <= ${since}`,
      );
  }
}
