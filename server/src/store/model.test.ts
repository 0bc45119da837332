/** Random commands against the store and against a small model of it; tables that stay open all the while must always show the model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import type { AccountId, EmailId, MailboxId } from '#core/ids.ts';
import { openTestStore, preparedLike, sampleText, type TestStore } from '../../test/support/store.ts';
import { createAccountMail } from './account-mail.ts';
import { append } from './append.ts';
import { copyMessages, moveMessages } from './copy-messages.ts';
import { createMailbox } from './create-mailbox.ts';
import { deleteMailbox } from './delete-mailbox.ts';
import { expunge } from './expunge.ts';
import { DELETED, hasFlag, keywordBits, SEEN } from './flags.ts';
import { keepHouse } from './housekeeping.ts';
import { readKeywords } from './keywords.ts';
import { listMailboxes } from './list-mailboxes.ts';
import type { MailboxBase, MailboxChange } from './mailbox-base.ts';
import { readMessage } from './read-messages.ts';
import { renameMailbox } from './rename-mailbox.ts';
import { formatRanges, normaliseRanges } from './uid-set.ts';
import { type FlagChange, updateFlags } from './update-flags.ts';

type Range = readonly [number, number];

type Step =
  | { readonly do: 'append'; readonly box: number; readonly count: number; readonly flags: number; readonly keywords: readonly string[] }
  | { readonly do: 'flags'; readonly box: number; readonly uids: readonly Range[]; readonly change: FlagChange; readonly since: number | undefined }
  | { readonly do: 'copy' | 'move'; readonly box: number; readonly to: number; readonly uids: readonly Range[] }
  | { readonly do: 'expunge'; readonly box: number; readonly uids: readonly Range[]; readonly onlyDeleted: boolean }
  | { readonly do: 'create' | 'delete'; readonly box: number }
  | { readonly do: 'rename'; readonly box: number; readonly to: number }
  | { readonly do: 'open' | 'close'; readonly box: number }
  | { readonly do: 'house'; readonly hours: number; readonly logHours: number };

const NAMES = ['INBOX', 'Trash', 'Work', 'Work/Old', 'Work/Old/Older', 'Żółw', 'INBOX/Sub'];
const KEYWORDS = ['$Forwarded', 'Blue', 'red', 'NonJunk'];

// Most of it happens in two mailboxes, so that commands meet.
const box = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.constant(2) }, { weight: 3, arbitrary: fc.nat(NAMES.length - 1) });
const uids = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 24 }), fc.nat(5)), { minLength: 1, maxLength: 4 })
  .map((pairs) => normaliseRanges(pairs.map(([first, more]) => [first, first + more])));
const keywords = fc.subarray(KEYWORDS);
const flags = fc.nat(31);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), box, count: fc.integer({ min: 1, max: 4 }), flags, keywords }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('flags' as const),
      box,
      uids,
      change: fc.record({ mode: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const), flags, keywords }),
      since: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('copy' as const, 'move' as const), box, to: box, uids }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('expunge' as const), box, uids, onlyDeleted: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('create' as const, 'delete' as const), box }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), box, to: box }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('open' as const, 'close' as const), box }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('house' as const), hours: fc.nat(3), logHours: fc.constantFrom(0, 1, 1000) }) },
);

interface ModelEntry {
  readonly uid: number;
  readonly email: EmailId;
  flags: Set<string>;
  modseq: number;
  readonly text: string;
}

interface ModelMailbox {
  name: string;
  readonly id: MailboxId;
  isSelectable: boolean;
  uidNext: number;
  entries: ModelEntry[];
}

interface OpenTable {
  readonly base: MailboxBase;
  /** What a session would have, kept only from what it is told. */
  readonly seen: Map<number, number>;
  deleted: boolean;
}

class World {
  readonly account = 1 as AccountId;
  readonly clock = new FakeClock();
  readonly place: TestStore;
  readonly mailboxes: ModelMailbox[] = [];
  readonly open = new Map<MailboxId, OpenTable>();
  #texts = 0;

  constructor(place: TestStore) {
    this.place = place;
  }

  find(index: number): ModelMailbox | undefined {
    return this.mailboxes.find(({ name }) => name === NAMES[index]);
  }

  async run(step: Step): Promise<void> {
    this.clock.advance(1000);
    const { store } = this.place;
    const { account } = this;
    const nowMs = this.clock.nowMs();
    if (step.do === 'house') {
      this.clock.advance(step.hours * 3_600_000);
      await keepHouse({ store, directory: this.place.directory, clock: this.clock, graceMs: 3_600_000, logMs: step.logHours * 3_600_000, segmentBytes: 4096 });
      return;
    }
    const name = NAMES[step.box] as string;
    const mailbox = this.find(step.box);
    if (step.do === 'create') {
      const attempt = store.commit(createMailbox, { account, name, nowMs });
      if (mailbox?.isSelectable) await refused(attempt, 'mailbox-exists');
      else {
        await attempt;
        await this.adopt();
      }
      return;
    }
    if (!mailbox) return;
    switch (step.do) {
      case 'append': {
        if (!mailbox.isSelectable) return;
        const texts = Array.from({ length: step.count }, () => sampleText(++this.#texts));
        const made = texts.map((text) => preparedLike(text, { threadHashes: [this.#texts % 7, 1000 + this.#texts] }));
        const added = await store.commit(
          append,
          {
            account,
            mailbox: mailbox.id,
            nowMs,
            messages: made.map(({ message }) => ({ message, flags: step.flags, keywords: step.keywords, receivedAtMs: nowMs })),
          },
          made.map(({ bytes }) => ({ bytes })),
        );
        for (const [i, { uid, email, modseq }] of added.entries()) {
          assert.equal(uid, mailbox.uidNext++);
          mailbox.entries.push({ uid, email, modseq, flags: flagNames(step.flags, step.keywords), text: texts[i] as string });
        }
        return;
      }
      case 'flags': {
        const named = mailbox.entries.filter(({ uid }) => within(step.uids, uid));
        const stale = named.filter(({ modseq }) => step.since !== undefined && modseq > step.since);
        const change = flagNames(step.change.flags, step.change.keywords);
        const changed = named.filter((entry) => {
          if (stale.includes(entry)) return false;
          const after = step.change.mode === 'add' ? entry.flags.union(change) : step.change.mode === 'remove' ? entry.flags.difference(change) : change;
          if (after.symmetricDifference(entry.flags).size === 0) return false;
          entry.flags = after;
          return true;
        });
        const result = await store.commit(updateFlags, {
          account,
          mailbox: mailbox.id,
          uids: formatRanges(step.uids),
          change: step.change,
          nowMs,
          ...(step.since !== undefined && { unchangedSince: step.since }),
        });
        assert.deepEqual([result.changed, result.stale], [setOf(changed), setOf(stale)]);
        for (const entry of changed) entry.modseq = result.modseq as number;
        return;
      }
      case 'copy':
      case 'move': {
        const target = this.find(step.to);
        if (!target?.isSelectable) return;
        const taken = mailbox.entries.filter(({ uid }) => within(step.uids, uid));
        const args = { account, from: mailbox.id, to: target.id, uids: formatRanges(step.uids), nowMs };
        const result = await store.commit(step.do === 'copy' ? copyMessages : moveMessages, args);
        assert.equal(result.source, setOf(taken));
        if (step.do === 'move') mailbox.entries = mailbox.entries.filter((entry) => !taken.includes(entry));
        for (const entry of taken) target.entries.push({ ...entry, flags: new Set(entry.flags), uid: target.uidNext++, modseq: result.modseq as number });
        return;
      }
      case 'expunge': {
        const goes = mailbox.entries.filter(({ uid, flags: has }) => within(step.uids, uid) && (!step.onlyDeleted || has.has('3')));
        const result = await store.commit(expunge, { account, mailbox: mailbox.id, uids: formatRanges(step.uids), onlyDeleted: step.onlyDeleted, nowMs });
        assert.equal(result.uids, setOf(goes));
        mailbox.entries = mailbox.entries.filter((entry) => !goes.includes(entry));
        return;
      }
      case 'delete': {
        const hasChildren = this.mailboxes.some((other) => other.name.startsWith(`${mailbox.name}/`));
        const attempt = store.commit(deleteMailbox, { account, mailbox: mailbox.id, nowMs });
        if (mailbox.name === 'INBOX') await refused(attempt, 'mailbox-protected');
        else if (hasChildren && !mailbox.isSelectable) await refused(attempt, 'mailbox-has-children');
        else {
          await attempt;
          this.mailboxes.splice(this.mailboxes.indexOf(mailbox), 1);
          await this.adopt();
          assert.equal(this.find(step.box) !== undefined, hasChildren);
        }
        return;
      }
      case 'rename': {
        const to = NAMES[step.to] as string;
        const attempt = store.commit(renameMailbox, { account, mailbox: mailbox.id, name: to, nowMs });
        if (mailbox.name === 'INBOX') await refused(attempt, 'mailbox-protected');
        else if (to.startsWith(`${mailbox.name}/`)) await refused(attempt, 'mailbox-name-invalid');
        else if (this.mailboxes.some((other) => other.name === to || other.name.startsWith(`${to}/`))) await refused(attempt, 'mailbox-exists');
        else {
          await attempt;
          const from = mailbox.name;
          for (const other of this.mailboxes) if (other === mailbox || other.name.startsWith(`${from}/`)) other.name = to + other.name.slice(from.length);
          await this.adopt();
        }
        return;
      }
      case 'open': {
        if (!mailbox.isSelectable || this.open.has(mailbox.id)) return;
        const base = await store.openMailbox(mailbox.id);
        const table: OpenTable = { base, seen: new Map(), deleted: false };
        for (let i = 0; i < base.length; i++) table.seen.set(base.uids[i] as number, base.flags[i] as number);
        base.onChange((change) => follow(table, change));
        this.open.set(mailbox.id, table);
        return;
      }
      case 'close': {
        this.open.get(mailbox.id)?.base[Symbol.dispose]();
        this.open.delete(mailbox.id);
        return;
      }
    }
  }

  /** Takes over mailboxes that the store has made by itself (parents, names that stay) and their state. */
  async adopt(): Promise<void> {
    for (const info of await this.place.store.query(listMailboxes(this.account))) {
      const known = this.mailboxes.find(({ id }) => id === info.mailbox);
      if (known) known.isSelectable = info.isSelectable;
      else this.mailboxes.push({ name: info.name, id: info.mailbox, isSelectable: info.isSelectable, uidNext: 1, entries: [] });
    }
  }

  async compare(): Promise<void> {
    const { store } = this.place;
    const names = await store.query(readKeywords(this.account));
    const infos = await store.query(listMailboxes(this.account));
    assert.deepEqual(
      infos.map((info) => ({
        name: info.name,
        id: info.mailbox,
        uidNext: info.uidNext,
        messages: info.messages,
        unseen: info.unseen,
        deleted: info.deleted,
        bytes: info.bytes,
      })),
      this.mailboxes
        .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
        .map(({ name, id, uidNext, entries }) => ({
          name,
          id,
          uidNext,
          messages: entries.length,
          unseen: entries.filter((entry) => !entry.flags.has(String(SEEN))).length,
          deleted: entries.filter((entry) => entry.flags.has(String(DELETED))).length,
          bytes: entries.reduce((sum, { text }) => sum + text.length, 0),
        })),
    );
    for (const [id, table] of this.open) {
      table.base.refresh();
      const mailbox = this.mailboxes.find((other) => other.id === id);
      assert.equal(table.deleted, mailbox === undefined);
      if (!mailbox) continue;
      const { base } = table;
      assert.deepEqual(
        Array.from({ length: base.length }, (_, i) => ({
          uid: base.uids[i],
          email: base.emails[i],
          modseq: base.modseqs[i],
          size: base.sizes[i],
          flags: flagsIn(base.flags[i] as number, names),
        })),
        mailbox.entries.map(({ uid, email, modseq, text, flags: has }) => ({ uid, email, modseq, size: text.length, flags: [...has].toSorted() })),
      );
      assert.deepEqual(
        [...table.seen],
        Array.from({ length: base.length }, (_, i) => [base.uids[i], base.flags[i]]),
      );
      assert.equal(base.uidNext, mailbox.uidNext);
    }
  }

  /** Every message can be read, byte for byte, whatever housekeeping has moved. */
  async compareBodies(): Promise<void> {
    const { store } = this.place;
    for (const { entries } of this.mailboxes)
      for (const { email, text } of entries) {
        const message = await store.query(readMessage(email));
        assert.ok(message);
        assert.equal((await store.readBlob(message.blob, 0, text.length)).toString(), text);
      }
  }
}

test('the store does what a small model does, step by step', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      await using place = await openTestStore({ segmentBytes: 4096 });
      const world = new World(place);
      await place.store.commit(createAccountMail, { account: world.account, nowMs: world.clock.nowMs() });
      await world.adopt();
      for (const index of [2, 4, 5, 6]) await world.run({ do: 'create', box: index });
      for (const index of [0, 2]) {
        await world.run({ do: 'append', box: index, count: 12, flags: 0, keywords: ['Blue'] });
        await world.run({ do: 'open', box: index });
      }
      for (const next of steps) {
        await world.run(next);
        await world.compare();
      }
      await world.compareBodies();
      for (const { base } of world.open.values()) base[Symbol.dispose]();
    }),
    { numRuns: Number(process.env['CAPRI_TEST_RUNS'] ?? 40) },
  );
});

function follow(table: OpenTable, change: MailboxChange): void {
  const { base, seen } = table;
  table.deleted ||= change.deleted;
  for (const { uid } of change.gone) assert.ok(seen.delete(uid), `a message that was never there went: ${uid}`);
  for (const uid of change.changed) {
    assert.ok(seen.has(uid), `a message that is not there changed: ${uid}`);
    seen.set(uid, base.flags[base.indexOf(uid)] as number);
  }
  for (let i = change.firstNew; i < base.length; i++) seen.set(base.uids[i] as number, base.flags[i] as number);
}

async function refused(attempt: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(attempt, (error) => error instanceof DomainError && error.code === code);
}

function within(ranges: readonly Range[], uid: number): boolean {
  return ranges.some(([first, last]) => uid >= first && uid <= last);
}

function setOf(entries: readonly ModelEntry[]): string {
  return formatRanges(normaliseRanges(entries.map(({ uid }) => [uid, uid])));
}

/** System flags by their number, keywords by name. */
function flagNames(bits: number, names: readonly string[]): Set<string> {
  return new Set([...[0, 1, 2, 3, 4].filter((index) => hasFlag(bits, index)).map(String), ...names]);
}

function flagsIn(bits: number, names: ReadonlyMap<number, string>): string[] {
  return [
    ...flagNames(
      bits,
      keywordBits(bits).map((index) => names.get(index) ?? `unnamed ${index}`),
    ),
  ].toSorted();
}
