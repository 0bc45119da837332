/**
 * The snapshot of INBOX that a session works on: numbers, sizes and UIDLs stay what they were at sign-in, whatever other sessions and doors do meanwhile.
 * There is no exclusive lock (docs/pop3.md).
 *
 * RFC 1939 §4, §5, §7 (UIDL)
 */
import { DomainError } from '#core/errors.ts';
import { type AccountId, type EmailId, type MailboxId, objectId, type Uid } from '#core/ids.ts';
import { one, type Program, rows, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { ReadAhead } from './read-ahead.ts';

/** Rows looked at in one go: about 2 ms. */
const SLICE = 8_000;

/** Opens the INBOX of an account. Throws `mailbox-not-found`. */
export async function openMaildrop(store: Store, account: AccountId): Promise<Maildrop> {
  const mailbox = await store.query(findInbox(account));
  using base = await store.openMailbox(mailbox);
  base.refresh();
  const { length } = base;
  const snapshot = { uids: base.uids.slice(0, length), emails: base.emails.slice(0, length), sizes: base.sizes.slice(0, length) };
  // Asked now: an entry that is expunged elsewhere meanwhile has no row to ask.
  return new Maildrop(store, mailbox, { ...snapshot, suffixed: await loadSuffixed(store, mailbox, snapshot.uids) });
}

export interface Snapshot {
  readonly uids: Uint32Array;
  readonly emails: Float64Array;
  readonly sizes: Uint32Array;
  /** Uids whose UIDL has the uid in it. */
  readonly suffixed: ReadonlySet<number>;
}

export class Maildrop implements Disposable {
  readonly mailbox: MailboxId;
  readonly reader: ReadAhead;
  readonly #snapshot: Snapshot;
  readonly #marked: Uint8Array;
  #count: number;
  #bytes: number;

  constructor(store: Store, mailbox: MailboxId, snapshot: Snapshot) {
    this.mailbox = mailbox;
    this.#snapshot = snapshot;
    this.#marked = new Uint8Array(snapshot.uids.length);
    this.#count = snapshot.uids.length;
    this.#bytes = snapshot.sizes.reduce((sum, size) => sum + size, 0);
    this.reader = new ReadAhead(store, mailbox, snapshot);
  }

  /** Messages in the snapshot, marked ones included: message numbers go from 1 to this. */
  get length(): number {
    return this.#snapshot.uids.length;
  }

  /** Messages that are not marked for removal. */
  get count(): number {
    return this.#count;
  }

  /** Octets of the messages that are not marked. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a message (from 0) is marked for removal. */
  isMarked(index: number): boolean {
    return this.#marked[index] === 1;
  }

  sizeOf(index: number): number {
    return this.#snapshot.sizes[index] ?? 0;
  }

  mark(index: number): void {
    this.#marked[index] = 1;
    this.#count--;
    this.#bytes -= this.sizeOf(index);
  }

  unmarkAll(): void {
    this.#marked.fill(0);
    this.#count = this.length;
    this.#bytes = this.#snapshot.sizes.reduce((sum, size) => sum + size, 0);
  }

  /** The uids of the marked messages, ascending. */
  markedUids(): Uid[] {
    return Array.from(this.#snapshot.uids).filter((_, index) => this.isMarked(index)) as Uid[];
  }

  /** The unique id of a message: its email id, or email id and uid where INBOX held the message already when this copy came. Never changes. */
  uidlOf(index: number): string {
    const uid = this.#snapshot.uids[index] ?? 0;
    const id = objectId('email', (this.#snapshot.emails[index] ?? 0) as EmailId);
    return this.#snapshot.suffixed.has(uid) ? `${id}-${uid}` : id;
  }

  /** The unique ids of all messages that are not marked, with their numbers, as UIDL lists them. */
  uidlLines(): Iterable<string> {
    return this.#lines((index) => this.uidlOf(index));
  }

  /** The sizes of all messages that are not marked, with their numbers, as LIST shows them. */
  sizeLines(): Iterable<string> {
    return this.#lines((index) => String(this.sizeOf(index)));
  }

  [Symbol.dispose](): void {
    this.reader[Symbol.dispose]();
  }

  *#lines(of: (index: number) => string): Iterable<string> {
    for (let index = 0; index < this.length; index++) if (!this.isMarked(index)) yield `${index + 1} ${of(index)}`;
  }
}

async function loadSuffixed(store: Store, mailbox: MailboxId, uids: Uint32Array): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  for (let first = 0; first < uids.length; first += SLICE) {
    const last = Math.min(first + SLICE, uids.length) - 1;
    for (const [uid] of await store.query(suffixedUids(mailbox, uids[first] ?? 0, uids[last] ?? 0))) found.add(uid);
  }
  return found;
}

function* findInbox(account: AccountId): Program<MailboxId> {
  const row = yield* one<{ readonly mailbox: MailboxId }>(sql`SELECT mailbox FROM mailbox WHERE account = ${account} AND name = 'INBOX'`);
  if (row === undefined) throw new DomainError('mailbox-not-found', 'the account has no INBOX');
  return row.mailbox;
}

function* suffixedUids(mailbox: MailboxId, first: number, last: number): Program<readonly (readonly [number])[]> {
  return yield* rows<readonly [number]>(sql`SELECT uid FROM entry WHERE mailbox = ${mailbox} AND uid >= ${first} AND uid <= ${last} AND uidl = 1`);
}
