/**
 * A session's own view of its selected mailbox: the sequence numbers that its client knows, over the table that all sessions of the thread share.
 *
 * The shared table always holds the newest state. The client's state differs from it by messages that left and have not been announced (`gone`: they keep
 * their numbers and are still served), by messages that arrived and have not been announced (behind `length`), and by flags that changed. Only these
 * differences are kept: while nothing is gone the view is the first `length` places of the shared arrays, so opening a mailbox costs the same whatever its size.
 *
 * How to walk over messages: take the uids with `uidsOf`, then for each `seqOf(uid, hint)` and `indexOf(uid, hint)`, with the last result + 1 as the hint:
 * both are then O(1). The shared table moves whenever the event loop runs: after an await ask for the index again.
 *
 * RFC 9051 §2.3.1.2, §7.5.1 · RFC 5182 · RFC 7162 §3.2.10
 */
import type { Modseq, Uid } from '#core/ids.ts';
import type { GoneMessage, MailboxBase, MailboxChange } from '#store/mailbox-base.ts';
import { ImapError } from './command.ts';
import { lowerBound } from './uid-ranges.ts';
import { normalizeRanges, type SequenceRange, type SequenceSet } from './wire/sequence-set.ts';

const NONE = new Uint32Array(0);
/** Changed uids kept before they are brought together. */
const COMPACT_ABOVE = 4096;

export class View implements Disposable {
  readonly base: MailboxBase;
  /** Called when something happened that the client could be told. */
  onPending: (() => void) | undefined;
  /** Result of the last SEARCH with SAVE, ascending; what `$` stands for. */
  saved: Uint32Array = NONE;

  #length: number;
  /** Messages from this uid on have not been announced. */
  #endUid: number;
  /** Ascending by uid. */
  #gone: GoneMessage[] = [];
  /** Uids with `gone` among them, made when asked for. */
  #merged: Uint32Array | undefined;
  /** Changes that came while no command of this session was running: surely not its own. */
  #foreign: (readonly Uid[])[] = [];
  /** Changes since the running command began. */
  #changed: (readonly Uid[])[] = [];
  #changedCount = 0;
  #own: Set<number> | undefined;
  #toldModseq: Modseq;
  #isDeleted = false;
  readonly #recent: SequenceRange[] = [];
  readonly #subscription: Disposable;

  /** Begins with everything that the base holds known to the client. */
  constructor(base: MailboxBase) {
    this.base = base;
    this.#length = base.length;
    this.#endUid = base.uidNext;
    this.#toldModseq = base.highestModseq;
    this.#subscription = base.onChange((change) => {
      this.#take(change);
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.onPending = undefined;
  }

  // Numbers and uids

  /** Number of messages as the client knows it: the greatest sequence number. */
  get length(): number {
    return this.#length;
  }

  /** The uids by sequence number (`uids[seq - 1]`), ascending; may be longer than `length`. Do not keep it across an await. */
  get uids(): Uint32Array {
    if (this.#gone.length === 0) return this.base.uids;
    this.#merged ??= mergeUids(this.base.uids, this.#length - this.#gone.length, this.#gone);
    return this.#merged;
  }

  /** The uid of a sequence number; 0 where there is none. */
  uidAt(seq: number): number {
    return seq >= 1 && seq <= this.#length ? (this.uids[seq - 1] ?? 0) : 0;
  }

  /** The greatest uid; 0 where there are no messages. */
  get largestUid(): number {
    return this.uidAt(this.#length);
  }

  /** The first uid that no message announced so far can have. */
  get endUid(): number {
    return this.#endUid;
  }

  /** The sequence number of a uid; 0 for one that is not in the view. O(1) if `hint` is right, else O(log n). */
  seqOf(uid: number, hint: number = 0): number {
    const uids = this.uids;
    if (hint > 0 && hint <= this.#length && uids[hint - 1] === uid) return hint;
    const at = lowerBound(uids, this.#length, uid);
    return at < this.#length && uids[at] === uid ? at + 1 : 0;
  }

  /** The message's place in the arrays of `base`; -1 for one that is gone (see `goneMessage`) or never was there. O(1) if `hint` is right, else O(log n). */
  indexOf(uid: number, hint: number = 0): number {
    if (hint >= 0 && hint < this.base.length && this.base.uids[hint] === uid) return hint;
    return this.base.indexOf(uid);
  }

  /** The modseq of a message whose place `indexOf` has told, of one that is gone when it left; 0 where there is none. */
  modseqOf(uid: number, index: number): number {
    return (index < 0 ? this.goneMessage(uid)?.modseq : this.base.modseqs[index]) ?? 0;
  }

  /** A message that has left the mailbox and that the client has not been told of: still to be served. */
  goneMessage(uid: number): GoneMessage | undefined {
    const gone = this.#gone;
    let low = 0;
    let high = gone.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((gone[middle]?.uid ?? 0) < uid) low = middle + 1;
      else high = middle;
    }
    return gone[low]?.uid === uid ? gone[low] : undefined;
  }

  /** Whether messages are gone that the client has not been told of. When false, `indexOf(uid)` is `seqOf(uid) - 1`. */
  get hasGone(): boolean {
    return this.#gone.length > 0;
  }

  /**
   * The uids that a set stands for, ascending; a snapshot that stays as it is. Uids that do not exist are left out. Throws BAD for sequence numbers that do not
   * exist (RFC 9051 §6.4.4.1, §9 seq-number), unless `isLenient`.
   */
  uidsOf(set: SequenceSet, kind: 'seq' | 'uid', options: { readonly isLenient?: boolean } = {}): Uint32Array {
    const uids = this.uids;
    const length = this.#length;
    const ranges = kind === 'seq' ? this.#seqRanges(set, options.isLenient ?? false) : this.#uidRanges(set, uids);
    const found = collect(uids, ranges);
    if (!set.hasSaved) return found;
    const saved = this.saved.filter((uid) => {
      const at = lowerBound(uids, length, uid);
      return at < length && uids[at] === uid;
    });
    return found.length === 0 ? saved : Uint32Array.from(new Set([...found, ...saved])).sort();
  }

  // Recent (RFC 3501 §2.3.2; IMAP4rev2 has none)

  /** Says that messages with uids from `from` to below `end` are \Recent in this session; what was said before is not counted twice. */
  addRecent(from: number, end: number): void {
    const previous = this.#recent.at(-1);
    const first = Math.max(from, (previous?.last ?? 0) + 1);
    if (first >= end) return;
    if (previous?.last === first - 1) this.#recent.pop();
    this.#recent.push({ first: previous?.last === first - 1 ? previous.first : first, last: end - 1 });
  }

  isRecent(uid: number): boolean {
    return this.#recent.some((range) => uid >= range.first && uid <= range.last);
  }

  get hasRecent(): boolean {
    return this.#recent.length > 0;
  }

  get recentCount(): number {
    let count = 0;
    const uids = this.uids;
    for (const { first, last } of this.#recent) count += lowerBound(uids, this.#length, last + 1) - lowerBound(uids, this.#length, first);
    return count;
  }

  // What the client has not been told

  /** Changes from here on may be the command's own; called by the session before each command. */
  beginCommand(): void {
    if (this.#changed.length === 0) return;
    this.#foreign.push(...this.#changed);
    this.#changed = [];
  }

  /**
   * Says that the running command made the changes with this modseq and has itself told the client what it wants to know of them (the FETCH of a STORE, nothing for
   * .SILENT): they are not announced again. A message that another session changed later still is.
   */
  acknowledge(modseq: number): void {
    (this.#own ??= new Set()).add(modseq);
  }

  /** Whether there is anything that could be told. */
  get hasPending(): boolean {
    return this.#gone.length > 0 || this.#changed.length > 0 || this.#foreign.length > 0 || this.hasNew || this.#isDeleted;
  }

  get hasNew(): boolean {
    return this.base.length > this.#length - this.#gone.length;
  }

  /** Whether the mailbox itself was deleted. */
  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  /** Everything up to this modseq is known to the client. */
  get toldModseq(): Modseq {
    return this.#toldModseq;
  }

  /** Takes out the messages that left: ascending uids, and for each the sequence number that it has when those before it have been announced. */
  takeGone(): { readonly uids: Uint32Array; readonly seqs: Uint32Array } {
    const gone = this.#gone;
    const uids = new Uint32Array(gone.length);
    const seqs = new Uint32Array(gone.length);
    gone.forEach(({ uid }, i) => {
      uids[i] = uid;
      seqs[i] = this.base.lowerBound(uid) + 1;
    });
    this.#length -= gone.length;
    this.#gone = [];
    this.#merged = undefined;
    return { uids, seqs };
  }

  /** Lets the client know the messages that arrived: the uid of the first and the one behind the last. Undefined where there are none. */
  takeNew(): { readonly firstUid: number; readonly endUid: number } | undefined {
    if (!this.hasNew) return undefined;
    const known = this.#length - this.#gone.length;
    const firstUid = this.base.uids[known] ?? 0;
    const endUid = this.base.uidNext;
    this.#endUid = endUid;
    this.#length = this.base.length + this.#gone.length;
    this.#merged = undefined;
    return { firstUid, endUid };
  }

  /** Takes out the messages whose flags others changed: ascending uids, all of them in the mailbox and known to the client. */
  takeChanged(): Uint32Array {
    const own = this.#own;
    const { base } = this;
    const known = this.#length - this.#gone.length;
    const told = new Set<number>();
    const add = (lists: readonly (readonly Uid[])[], isForeign: boolean): void => {
      for (const list of lists) {
        let index = -1;
        for (const uid of list) {
          index = this.indexOf(uid, index + 1);
          if (index < 0 || index >= known) continue;
          if (isForeign || own === undefined || !own.has(base.modseqs[index] ?? 0)) told.add(uid);
        }
      }
    };
    add(this.#foreign, true);
    add(this.#changed, false);
    this.#foreign = [];
    this.#changed = [];
    this.#changedCount = 0;
    this.#own = undefined;
    if (this.#gone.length === 0 && !this.hasNew) this.#toldModseq = base.highestModseq;
    return Uint32Array.from(told).sort();
  }

  // Inside

  #take(change: MailboxChange): void {
    if (change.gone.length > 0) {
      // Those that came and went before the client heard of them are no news.
      const known = change.gone.filter(({ uid }) => uid < this.#endUid);
      if (known.length > 0) {
        this.#gone = this.#gone.length === 0 ? known : mergeGone(this.#gone, known);
        this.#merged = undefined;
      }
    }
    if (change.changed.length > 0) {
      this.#changed.push(change.changed);
      this.#changedCount += change.changed.length;
      if (this.#changedCount > this.#length + COMPACT_ABOVE) this.#compact();
    }
    if (change.deleted) this.#isDeleted = true;
    if (this.onPending !== undefined && this.hasPending) this.onPending();
  }

  /** A client that asks for nothing for hours must not make the list of changes grow beyond its mailbox. */
  #compact(): void {
    this.#foreign = [[...new Set(this.#foreign.flat())]];
    this.#changed = [[...new Set(this.#changed.flat())]];
    this.#changedCount = 0;
  }

  /** Half-open ranges of indexes. */
  #seqRanges(set: SequenceSet, isLenient: boolean): SequenceRange[] {
    const length = this.#length;
    const ranges = normalizeRanges(set.ranges, length);
    const last = ranges.at(-1);
    if (last !== undefined && (last.last > length || (ranges[0]?.first ?? 0) < 1) && !isLenient)
      throw new ImapError('BAD', 'There is no message with that sequence number');
    return ranges.filter(({ first }) => first <= length).map(({ first, last: end }) => ({ first: Math.max(0, first - 1), last: Math.min(end, length) }));
  }

  #uidRanges(set: SequenceSet, uids: Uint32Array): SequenceRange[] {
    const length = this.#length;
    if (length === 0) return [];
    const ranges: SequenceRange[] = [];
    for (const { first, last } of normalizeRanges(set.ranges, this.largestUid)) {
      const start = lowerBound(uids, length, first);
      const end = lowerBound(uids, length, last + 1);
      if (start < end) ranges.push({ first: start, last: end });
    }
    return ranges;
  }
}

function collect(uids: Uint32Array, ranges: readonly SequenceRange[]): Uint32Array {
  const only = ranges[0];
  if (only === undefined) return NONE;
  if (ranges.length === 1) return uids.slice(only.first, only.last);
  const found = new Uint32Array(ranges.reduce((sum, { first, last }) => sum + last - first, 0));
  let at = 0;
  for (const { first, last } of ranges) {
    for (let i = first; i < last; i++) found[at++] = uids[i] ?? 0;
  }
  return found;
}

function mergeUids(uids: Uint32Array, length: number, gone: readonly GoneMessage[]): Uint32Array {
  const merged = new Uint32Array(length + gone.length);
  let from = 0;
  let to = 0;
  for (const { uid } of gone) {
    const until = lowerBound(uids, length, uid);
    merged.set(uids.subarray(from, until), to);
    to += until - from;
    from = until;
    merged[to++] = uid;
  }
  merged.set(uids.subarray(from, length), to);
  return merged;
}

function mergeGone(a: readonly GoneMessage[], b: readonly GoneMessage[]): GoneMessage[] {
  return [...a, ...b].sort((x, y) => x.uid - y.uid);
}
