/** What a number of entries adds to the counters of its mailbox and account. */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { DELETED, hasFlag, SEEN } from './flags.ts';
import { addUses, countKeywords } from './keywords.ts';
import { type Program, run, sql } from './sql.ts';

export class Tally {
  messages = 0;
  unseen = 0;
  deleted = 0;
  bytes = 0;
  readonly keywords: Map<number, number> = new Map();

  /** Counts entries with these flags: `times` is negative for those that leave. */
  add(flags: number, sizeBytes: number, times: 1 | -1): void {
    this.messages += times;
    this.bytes += times * sizeBytes;
    this.#addFlags(flags, times);
  }

  /** Counts entries whose flags change. */
  change(before: number, after: number, times: number): void {
    this.#addFlags(before, -times);
    this.#addFlags(after, times);
  }

  #addFlags(flags: number, times: number): void {
    if (!hasFlag(flags, SEEN)) this.unseen += times;
    if (hasFlag(flags, DELETED)) this.deleted += times;
    addUses(this.keywords, flags, times);
  }
}

/** Adds a tally to the mailbox's counters (and the account's keyword uses), and moves its HIGHESTMODSEQ. Throws `mailbox-not-found`. */
export function* countInMailbox(account: AccountId, mailbox: MailboxId, modseq: Modseq, tally: Tally): Program<void> {
  const found = yield* run(
    sql`UPDATE mailbox SET messages = messages + ${tally.messages}, unseen = unseen + ${tally.unseen}, deleted = deleted + ${tally.deleted},
          bytes = bytes + ${tally.bytes}, highest_modseq = ${modseq} WHERE mailbox = ${mailbox} AND account = ${account}`,
  );
  // It may have been deleted meanwhile: its entries then wait to be taken away.
  if (found === 0) throw new DomainError('mailbox-not-found', 'there is no such mailbox', { mailbox });
  yield* countKeywords(account, tally.keywords);
}
