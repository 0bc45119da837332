/**
 * The table of one mailbox: parallel typed arrays, loaded in slices, brought up to date from the change log. mailbox-base.ts says what it promises.
 *
 * Reading a changed row again is idempotent, so it does not matter that a slice of the load, or a later refresh, has seen newer rows than the modseq
 * it began with.
 */
import { yieldToLoop } from '#core/async.ts';
import { DomainError } from '#core/errors.ts';
import { accountOf, type AccountId, type EmailId, type MailboxId, type Modseq, type Uid } from '#core/ids.ts';
import { type EntryBatch, EntryColumns, type FlagBatch } from './entry-columns.ts';
import type { GoneMessage, MailboxChange } from './mailbox-base.ts';
import { countNumbers, parseNumbers } from './number-list.ts';
import { type SqlValue, type Statement, sql } from './sql.ts';
import type { Connection } from './sqlite/driver.ts';
import { normaliseRanges, parseRanges, type UidRange } from './uid-set.ts';

/** Rows of one slice: about 4 ms. They come in the order of their key, as one row of lists (number-list.ts). */
const SLICE_ROWS = 8_000;

interface MailboxState {
  readonly uidvalidity: number;
  readonly uidnext: number;
  readonly highest_modseq: number;
}

export class LiveMailbox {
  readonly mailbox: MailboxId;
  readonly #account: AccountId;
  readonly #connection: Connection;
  readonly #columns = new EntryColumns();
  readonly #listeners = new Set<(change: MailboxChange) => void>();
  uidNext = 1;
  uidValidity = 0;
  highestModseq = 1 as Modseq;
  atModseq = 0 as Modseq;
  isDeleted = false;

  private constructor(connection: Connection, mailbox: MailboxId) {
    this.#connection = connection;
    this.mailbox = mailbox;
    this.#account = accountOf(mailbox);
  }

  /** Throws `mailbox-not-found`, and `mailbox-not-selectable` for one that only holds others. */
  static async load(connection: Connection, mailbox: MailboxId): Promise<LiveMailbox> {
    const table = new LiveMailbox(connection, mailbox);
    await table.#load();
    return table;
  }

  get length(): number {
    return this.#columns.length;
  }
  get uids(): Uint32Array {
    return this.#columns.uids;
  }
  get emails(): Float64Array {
    return this.#columns.emails;
  }
  get flags(): Float64Array {
    return this.#columns.flags;
  }
  get modseqs(): Float64Array {
    return this.#columns.modseqs;
  }
  get sizes(): Uint32Array {
    return this.#columns.sizes;
  }

  indexOf(uid: number): number {
    return this.#columns.indexOf(uid);
  }

  lowerBound(uid: number): number {
    return this.#columns.lowerBound(uid);
  }

  onChange(listener: (change: MailboxChange) => void): Disposable {
    const own = (change: MailboxChange): void => listener(change);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  refresh(): void {
    if (this.isDeleted) return;
    const change = this.#connection.read(() => this.#catchUp());
    if (!change) return;
    for (const listener of Array.from(this.#listeners)) if (this.#listeners.has(listener)) listener(change);
  }

  async #load(): Promise<void> {
    let last = 0;
    let uidNext = 0;
    for (;;) {
      const batch = this.#connection.read(() => {
        if (uidNext === 0) {
          const state = this.#mailboxState();
          if (!state) throw new DomainError('mailbox-not-found', 'there is no such mailbox', { mailbox: this.mailbox });
          if (state.selectable === 0) throw new DomainError('mailbox-not-selectable', 'the mailbox cannot hold messages', { mailbox: this.mailbox });
          this.#take(state, this.#accountState().modseq);
          uidNext = state.uidnext;
        }
        return this.#entries(
          sql`SELECT group_concat(uid), group_concat(flags), group_concat(modseq), group_concat(email), group_concat(size)
              FROM (SELECT uid, flags, modseq, email, size FROM entry WHERE mailbox = ${this.mailbox} AND uid > ${last} AND uid < ${uidNext} ORDER BY uid LIMIT ${SLICE_ROWS})`,
        );
      });
      this.#columns.push(batch);
      if (batch.count < SLICE_ROWS) return;
      last = batch.uid[batch.count - 1] ?? last;
      await yieldToLoop();
    }
  }

  /** Inside a read transaction: applies what has changed since `atModseq`; undefined when nothing that can be seen has. */
  #catchUp(): MailboxChange | undefined {
    const account = this.#accountState();
    if (account.modseq === this.atModseq) return undefined;
    const state = this.#mailboxState();
    if (!state) {
      this.isDeleted = true;
      this.atModseq = account.modseq as Modseq;
      return { firstNew: this.length, changed: [], gone: [], deleted: true };
    }
    if (state.highest_modseq <= this.atModseq) {
      this.#take(state, account.modseq);
      return undefined;
    }
    const change = account.log_floor > this.atModseq ? this.#compareAll(state) : this.#applyLog(state);
    this.#take(state, account.modseq);
    return change;
  }

  #applyLog(state: MailboxState): MailboxChange | undefined {
    const flagged: UidRange[] = [];
    const expunged: UidRange[] = [];
    const log = this.#connection.rows<[kind: string, uids: string]>(
      sql`SELECT kind, uids FROM change WHERE account = ${this.#account} AND modseq > ${this.atModseq} AND mailbox = ${this.mailbox}`,
    );
    for (const [kind, uids] of log) {
      if (kind === 'flags') flagged.push(...parseRanges(uids));
      else if (kind === 'expunge') expunged.push(...parseRanges(uids));
    }
    const gone = this.#removeRanges(normaliseRanges(expunged));
    const changed: Uid[] = [];
    for (const [first, last] of normaliseRanges(flagged)) {
      if (first >= this.uidNext) break;
      const batch = this.#flags(
        sql`SELECT group_concat(uid), group_concat(flags), group_concat(modseq) FROM entry
            WHERE mailbox = ${this.mailbox} AND uid >= ${first} AND uid <= ${Math.min(last, this.uidNext - 1)} AND modseq > ${this.atModseq}`,
      );
      for (const uid of this.#columns.update(batch)) changed.push(uid as Uid);
    }
    const firstNew = this.length;
    this.#appendNew(state);
    return changed.length === 0 && gone.length === 0 && firstNew === this.length ? undefined : { firstNew, changed, gone, deleted: false };
  }

  #appendNew(state: MailboxState): void {
    if (state.uidnext === this.uidNext) return;
    this.#columns.push(
      this.#entries(
        sql`SELECT group_concat(uid), group_concat(flags), group_concat(modseq), group_concat(email), group_concat(size) FROM entry
            WHERE mailbox = ${this.mailbox} AND uid >= ${this.uidNext}`,
      ),
    );
  }

  /** The log has been pruned past us: reads the mailbox anew and works out the difference. */
  #compareAll(state: MailboxState): MailboxChange | undefined {
    const batch = this.#flags(
      sql`SELECT group_concat(uid), group_concat(flags), group_concat(modseq) FROM entry WHERE mailbox = ${this.mailbox} AND uid < ${this.uidNext}`,
    );
    const present = new Set(batch.uid);
    const gone = this.#removeWhere((uid) => !present.has(uid));
    const changed = this.#columns.update(batch) as Uid[];
    const firstNew = this.length;
    this.#appendNew(state);
    return changed.length === 0 && gone.length === 0 && firstNew === this.length ? undefined : { firstNew, changed, gone, deleted: false };
  }

  #removeRanges(ranges: readonly UidRange[]): GoneMessage[] {
    if (ranges.length === 0) return [];
    let at = 0;
    return this.#removeWhere((uid) => {
      for (let range = ranges[at]; range && uid > range[1]; range = ranges[at]) at++;
      const range = ranges[at];
      return range !== undefined && uid >= range[0];
    });
  }

  #removeWhere(isGone: (uid: number) => boolean): GoneMessage[] {
    return this.#columns.removeWhere(isGone).map(([uid, email, flags, modseq, size]) => ({
      uid: uid as Uid,
      email: email as EmailId,
      flags,
      modseq: modseq as Modseq,
      size,
    }));
  }

  #take(state: MailboxState, atModseq: number): void {
    this.uidNext = state.uidnext;
    this.uidValidity = state.uidvalidity;
    this.highestModseq = state.highest_modseq as Modseq;
    this.atModseq = atModseq as Modseq;
  }

  /** Of a statement with lists of uids, flags and modseqs. */
  #flags(statement: Statement): FlagBatch {
    return flagBatchOf(this.#connection.rows<SqlValue[]>(statement)[0] ?? []);
  }

  /** Of a statement that adds lists of email ids and sizes. */
  #entries(statement: Statement): EntryBatch {
    const row = this.#connection.rows<SqlValue[]>(statement)[0] ?? [];
    const batch = flagBatchOf(row);
    return { ...batch, email: parseNumbers(row[3], batch.count), size: parseNumbers(row[4], batch.count) };
  }

  #mailboxState(): (MailboxState & { readonly selectable: number }) | undefined {
    return this.#connection.one(sql`SELECT uidvalidity, uidnext, highest_modseq, selectable FROM mailbox WHERE mailbox = ${this.mailbox}`);
  }

  #accountState(): { readonly modseq: number; readonly log_floor: number } {
    return this.#connection.one(sql`SELECT modseq, log_floor FROM account_state WHERE account = ${this.#account}`) ?? { modseq: 0, log_floor: 0 };
  }
}

function flagBatchOf([uids, flags, modseqs]: readonly SqlValue[]): FlagBatch {
  const count = typeof uids === 'string' ? countNumbers(uids) : 0;
  return { count, uid: parseNumbers(uids, count), flags: parseNumbers(flags, count), modseq: parseNumbers(modseqs, count) };
}
