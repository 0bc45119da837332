/**
 * The mailbox tables of one thread: one for each mailbox that a session has open, shared by all of them, kept for a little while after the last has
 * gone (a SELECT that comes again finds it ready, however large the mailbox is).
 */
import { DomainError } from '#core/errors.ts';
import { accountOf, type MailboxId } from '#core/ids.ts';
import type { HintBus } from './bus/hints.ts';
import { LiveMailbox } from './live-mailbox.ts';
import type { MailboxBase, MailboxChange } from './mailbox-base.ts';
import type { Connection } from './sqlite/driver.ts';

const LINGER_MS = 120_000;
/** Messages that lingering tables may hold together, at some 32 octets each. */
const LINGER_MESSAGES = 2_000_000;

interface Shared {
  readonly table: Promise<LiveMailbox>;
  holders: number;
  hints: Disposable | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class MailboxTables implements Disposable {
  readonly #connection: Connection;
  readonly #bus: HintBus;
  readonly #tables = new Map<MailboxId, Shared>();
  /** Tables without holders, the longest unused first. */
  readonly #lingering = new Map<MailboxId, number>();

  constructor(connection: Connection, bus: HintBus) {
    this.#connection = connection;
    this.#bus = bus;
  }

  async open(mailbox: MailboxId): Promise<MailboxBase> {
    let shared = this.#tables.get(mailbox);
    if (!shared) {
      shared = { table: LiveMailbox.load(this.#connection, mailbox), holders: 0, hints: undefined, timer: undefined };
      this.#tables.set(mailbox, shared);
    }
    const mine = shared;
    mine.holders++;
    clearTimeout(mine.timer);
    this.#lingering.delete(mailbox);
    try {
      const table = await mine.table;
      table.refresh();
      if (table.isDeleted) throw new DomainError('mailbox-not-found', 'the mailbox has been deleted', { mailbox });
      mine.hints ??= this.#bus.onChange(accountOf(mailbox), () => table.refresh());
      return new MailboxHandle(table, () => this.#release(mailbox, mine, table));
    } catch (error) {
      mine.holders--;
      if (mine.holders === 0) this.#forget(mailbox, mine);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const [mailbox, shared] of this.#tables) this.#forget(mailbox, shared);
  }

  #release(mailbox: MailboxId, shared: Shared, table: LiveMailbox): void {
    shared.holders--;
    if (shared.holders > 0) return;
    // Not followed while nobody looks: it catches up when it is opened again.
    shared.hints?.[Symbol.dispose]();
    shared.hints = undefined;
    if (table.isDeleted || this.#tables.get(mailbox) !== shared) {
      this.#forget(mailbox, shared);
      return;
    }
    this.#lingering.set(mailbox, table.length);
    shared.timer = setTimeout(() => this.#forget(mailbox, shared), LINGER_MS);
    shared.timer.unref();
    let held = this.#lingering.values().reduce((sum, length) => sum + length, 0);
    for (const [old, length] of this.#lingering) {
      if (held <= LINGER_MESSAGES) break;
      const other = this.#tables.get(old);
      if (other) this.#forget(old, other);
      held -= length;
    }
  }

  #forget(mailbox: MailboxId, shared: Shared): void {
    clearTimeout(shared.timer);
    shared.hints?.[Symbol.dispose]();
    shared.hints = undefined;
    if (this.#tables.get(mailbox) === shared) {
      this.#tables.delete(mailbox);
      this.#lingering.delete(mailbox);
    }
  }
}

/** What one holder has: the shared table and its own listeners. */
class MailboxHandle implements MailboxBase {
  readonly #table: LiveMailbox;
  readonly #listeners: Disposable[] = [];
  #release: (() => void) | undefined;

  constructor(table: LiveMailbox, release: () => void) {
    this.#table = table;
    this.#release = release;
  }

  get mailbox(): MailboxBase['mailbox'] {
    return this.#table.mailbox;
  }
  get length(): number {
    return this.#table.length;
  }
  get uids(): Uint32Array {
    return this.#table.uids;
  }
  get emails(): Float64Array {
    return this.#table.emails;
  }
  get flags(): Float64Array {
    return this.#table.flags;
  }
  get modseqs(): Float64Array {
    return this.#table.modseqs;
  }
  get sizes(): Uint32Array {
    return this.#table.sizes;
  }
  get uidNext(): number {
    return this.#table.uidNext;
  }
  get uidValidity(): number {
    return this.#table.uidValidity;
  }
  get highestModseq(): MailboxBase['highestModseq'] {
    return this.#table.highestModseq;
  }
  get atModseq(): MailboxBase['atModseq'] {
    return this.#table.atModseq;
  }

  indexOf(uid: number): number {
    return this.#table.indexOf(uid);
  }

  lowerBound(uid: number): number {
    return this.#table.lowerBound(uid);
  }

  refresh(): void {
    this.#table.refresh();
  }

  onChange(listener: (change: MailboxChange) => void): Disposable {
    const subscription = this.#table.onChange(listener);
    this.#listeners.push(subscription);
    return subscription;
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners.splice(0)) listener[Symbol.dispose]();
    this.#release?.();
    this.#release = undefined;
  }
}
