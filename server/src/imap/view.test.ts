import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EmailId, MailboxId, Modseq, Uid } from '#core/ids.ts';
import type { GoneMessage, MailboxBase, MailboxChange } from '#store/mailbox-base.ts';
import { ImapError } from './command.ts';
import { View } from './view.ts';
import { Cursor } from './wire/cursor.ts';
import { STAR, type SequenceSet } from './wire/sequence-set.ts';
import { assertLinear } from '../../test/support/growth.ts';

describe('view', () => {
  it('keeps the numbers of messages that left until the client is told', () => {
    const base = new ArrayBase(3);
    const view = new View(base);
    base.expunge([2]);
    assert.equal(view.length, 3);
    assert.equal(view.uidAt(2), 2);
    assert.equal(view.seqOf(3), 3);
    assert.equal(view.indexOf(2), -1);
    assert.equal(view.goneMessage(2)?.email, 2);
    assert.deepEqual(view.takeGone(), { uids: Uint32Array.of(2), seqs: Uint32Array.of(2) });
    assert.equal(view.seqOf(3), 2);
    assert.equal(view.length, 2);
  });

  it('numbers expunges so that each holds when those before it were told', () => {
    const base = new ArrayBase(5);
    const view = new View(base);
    base.expunge([1, 2, 5]);
    assert.deepEqual(view.takeGone().seqs, Uint32Array.of(1, 1, 3));
  });

  it('hides new messages until the client is told, also from `*`', () => {
    const base = new ArrayBase(2);
    const view = new View(base);
    base.append(1);
    assert.equal(view.length, 2);
    assert.equal(view.seqOf(3), 0);
    assert.deepEqual(view.uidsOf(setOf('*'), 'uid'), Uint32Array.of(2));
    assert.deepEqual(view.takeNew(), { firstUid: 3, endUid: 4 });
    assert.equal(view.seqOf(3), 3);
  });

  it('never speaks of a message that came and left meanwhile', () => {
    const base = new ArrayBase(1);
    const view = new View(base);
    base.append(1);
    base.expunge([2]);
    assert.equal(view.hasGone, false);
    assert.equal(view.takeNew(), undefined);
  });

  it('does not repeat what the session did itself, unless another has changed it since', () => {
    const base = new ArrayBase(3);
    const view = new View(base);
    view.beginCommand();
    view.acknowledge(base.flag([1, 2]));
    base.flag([2]);
    assert.deepEqual(view.takeChanged(), Uint32Array.of(2));
    assert.deepEqual(view.takeChanged(), new Uint32Array(0));
  });

  it('tells what others changed before a silent change of its own', () => {
    const base = new ArrayBase(3);
    const view = new View(base);
    base.flag([1]);
    view.beginCommand();
    view.acknowledge(base.flag([1, 3]));
    assert.deepEqual(view.takeChanged(), Uint32Array.of(1));
  });

  it('knows up to which modseq the client was told', () => {
    const base = new ArrayBase(2);
    const view = new View(base);
    const before = view.toldModseq;
    base.expunge([1]);
    view.takeChanged();
    assert.equal(view.toldModseq, before);
    view.takeGone();
    view.takeChanged();
    assert.equal(view.toldModseq, base.highestModseq);
  });

  it('refuses sequence numbers that do not exist, and passes over such uids', () => {
    const view = new View(new ArrayBase(3));
    assert.throws(() => view.uidsOf(setOf('2:4'), 'seq'), ImapError);
    assert.throws(() => new View(new ArrayBase(0)).uidsOf(setOf('1:*'), 'seq'), ImapError);
    assert.deepEqual(view.uidsOf(setOf('2:4'), 'seq', { isLenient: true }), Uint32Array.of(2, 3));
    assert.deepEqual(view.uidsOf(setOf('2:9'), 'uid'), Uint32Array.of(2, 3));
    assert.deepEqual(view.uidsOf(setOf('9:*'), 'uid'), Uint32Array.of(3));
    assert.deepEqual(new View(new ArrayBase(0)).uidsOf(setOf('1:*'), 'uid'), new Uint32Array(0));
  });

  it('resolves $ to those of the saved messages that are still there', () => {
    const base = new ArrayBase(4);
    const view = new View(base);
    view.saved = Uint32Array.of(2, 4);
    assert.deepEqual(view.uidsOf(setOf('$'), 'uid'), Uint32Array.of(2, 4));
    base.expunge([4]);
    view.takeGone();
    assert.deepEqual(view.uidsOf(setOf('$,1'), 'seq'), Uint32Array.of(1, 2));
  });

  it('counts recent messages', () => {
    const base = new ArrayBase(4);
    const view = new View(base);
    view.addRecent(3, 5);
    view.addRecent(5, 6);
    base.append(1);
    assert.equal(view.recentCount, 2);
    view.takeNew();
    assert.equal(view.recentCount, 3);
    assert.equal(view.isRecent(5), true);
    assert.equal(view.isRecent(2), false);
  });

  it('stays small while nobody asks', () => {
    const base = new ArrayBase(10);
    const view = new View(base);
    for (let i = 0; i < 20_000; i++) base.flag([(i % 10) + 1]);
    assert.deepEqual(view.takeChanged(), Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  });

  it('counts a recent message once, however often it is said to be', () => {
    const base = new ArrayBase(10);
    const view = new View(base);
    view.addRecent(8, 11);
    view.addRecent(9, 11);
    assert.equal(view.recentCount, 3);
    view.addRecent(2, 5);
    assert.equal(view.recentCount, 3, 'what comes later has larger uids');
    assert.deepEqual([view.isRecent(7), view.isRecent(8), view.isRecent(10)], [false, true, true]);
  });

  it('opens and resolves 1:* at the cost of the list itself', () => {
    const bases = new Map<number, ArrayBase>();
    assertLinear('a larger mailbox', 100_000, (size) => {
      const base = bases.get(size) ?? new ArrayBase(size);
      bases.set(size, base);
      using view = new View(base);
      assert.equal(view.uidsOf(setOf('1:*'), 'seq').length, size);
    });
  });

  it('agrees with a list of messages, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('expunge' as const), picks: fc.array(fc.nat(30), { maxLength: 5 }) }),
      fc.record({ kind: fc.constant('flag' as const), picks: fc.array(fc.nat(30), { maxLength: 5 }) }),
      fc.record({ kind: fc.constant('tell' as const), expunges: fc.boolean() }),
    );
    fc.assert(
      fc.property(
        fc.nat(6),
        fc.array(step, { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 3 }),
        (size, steps, ranges) => {
          const base = new ArrayBase(size);
          const view = new View(base);
          // What the client believes.
          let client = base.list();
          const stale = new Set<number>();
          for (const action of steps) {
            if (action.kind === 'append') base.append(action.count);
            else if (action.kind === 'tell') {
              if (action.expunges && view.hasGone) {
                for (const seq of view.takeGone().seqs) client.splice(seq - 1, 1);
              }
              if (view.takeNew() !== undefined) client = [...client, ...base.list().filter((uid) => uid > (client.at(-1) ?? 0) && !client.includes(uid))];
              for (const uid of view.takeChanged()) stale.delete(uid);
            } else {
              const uids = [...new Set(action.picks.map((pick) => base.list()[pick]).filter((uid) => uid !== undefined))];
              if (action.kind === 'expunge') base.expunge(uids);
              else {
                base.flag(uids);
                for (const uid of uids) if (client.includes(uid)) stale.add(uid);
              }
            }
            assert.deepEqual([...view.uids.subarray(0, view.length)], client);
            client.forEach((uid, index) => {
              assert.equal(view.seqOf(uid), index + 1);
              assert.equal(view.seqOf(uid, index + 1), index + 1);
              assert.equal(view.uidAt(index + 1), uid);
              assert.equal(view.indexOf(uid), base.list().indexOf(uid));
              assert.equal(view.goneMessage(uid) === undefined, base.list().includes(uid));
            });
          }
          const wanted: SequenceSet = {
            ranges: ranges.map(([first, last]) => ({ first: first === 0 ? STAR : first, last: last === 0 ? STAR : last })),
            hasSaved: false,
          };
          const largest = client.at(-1) ?? 0;
          const isIn = (uid: number): boolean =>
            wanted.ranges.some((range) => {
              const [a, b] = [range.first === STAR ? largest : range.first, range.last === STAR ? largest : range.last];
              return uid >= Math.min(a, b) && uid <= Math.max(a, b);
            });
          assert.deepEqual([...view.uidsOf(wanted, 'uid')], client.filter(isIn));
          view.takeGone();
          view.takeNew();
          for (const uid of view.takeChanged()) stale.delete(uid);
          // Every change of a message that is still there was told.
          assert.deepEqual(
            [...stale].filter((uid) => base.list().includes(uid)),
            [],
          );
          assert.deepEqual([...view.uids.subarray(0, view.length)], base.list());
        },
      ),
    );
  });
});

function setOf(text: string): SequenceSet {
  return new Cursor([text]).sequenceSet();
}

/** A mailbox table without a store behind it. */
class ArrayBase implements MailboxBase {
  readonly mailbox = 1 as MailboxId;
  readonly uidValidity = 1;
  uids = new Uint32Array(0);
  emails = new Float64Array(0);
  flags = new Float64Array(0);
  modseqs = new Float64Array(0);
  sizes = new Uint32Array(0);
  length = 0;
  uidNext = 1;
  highestModseq = 1 as Modseq;
  atModseq = 1 as Modseq;
  readonly #listeners: ((change: MailboxChange) => void)[] = [];

  constructor(count: number) {
    this.#add(count);
  }

  [Symbol.dispose](): void {
    this.#listeners.length = 0;
  }

  list(): number[] {
    return [...this.uids.subarray(0, this.length)];
  }

  append(count: number): void {
    const firstNew = this.length;
    this.#add(count);
    this.#tell({ firstNew });
  }

  expunge(uids: readonly number[]): void {
    const gone = uids
      .toSorted((a, b) => a - b)
      .map((uid): GoneMessage => {
        const index = this.indexOf(uid);
        return { uid: uid as Uid, email: (this.emails[index] ?? 0) as EmailId, flags: 0, modseq: 1 as Modseq, size: 1 };
      });
    const left = this.list().filter((uid) => !uids.includes(uid));
    this.uids.set(left);
    this.emails.set(left);
    this.length = left.length;
    this.highestModseq = (this.highestModseq + 1) as Modseq;
    this.#tell({ gone });
  }

  /** Returns the modseq of the change. */
  flag(uids: readonly number[]): number {
    this.highestModseq = (this.highestModseq + 1) as Modseq;
    for (const uid of uids) this.modseqs[this.indexOf(uid)] = this.highestModseq;
    this.#tell({ changed: uids.toSorted((a, b) => a - b) as Uid[] });
    return this.highestModseq;
  }

  indexOf(uid: number): number {
    const index = this.lowerBound(uid);
    return index < this.length && this.uids[index] === uid ? index : -1;
  }

  lowerBound(uid: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.uids[middle] ?? 0) < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  refresh(): void {
    this.atModseq = this.highestModseq;
  }

  onChange(listener: (change: MailboxChange) => void): Disposable {
    this.#listeners.push(listener);
    return { [Symbol.dispose]: () => void this.#listeners.splice(this.#listeners.indexOf(listener), 1) };
  }

  #add(count: number): void {
    const uids = [...this.list(), ...Array.from({ length: count }, (_, i) => this.uidNext + i)];
    // Room behind the end, as in the real table.
    this.uids = Uint32Array.from([...uids, 0, 0]);
    this.emails = Float64Array.from([...uids, 0, 0]);
    this.modseqs = Float64Array.from([...uids, 0, 0], () => 1);
    this.flags = new Float64Array(uids.length + 2);
    this.sizes = new Uint32Array(uids.length + 2);
    this.length = uids.length;
    this.uidNext += count;
  }

  #tell(change: Partial<MailboxChange>): void {
    for (const listener of this.#listeners) listener({ firstNew: this.length, changed: [], gone: [], deleted: false, ...change });
  }
}
