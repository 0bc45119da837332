import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '#core/errors.ts';
import { mailboxId, mailboxWith, openTestStore, sampleText, TEST_TIME_MS } from '../../test/support/store.ts';
import { bit, DELETED, SEEN } from './flags.ts';
import { listMailboxes } from './list-mailboxes.ts';
import { allUids, copyInSlices, expungeInSlices, inSlices, moveInSlices, selectUids, SLICE_MESSAGES, sliceUids, updateFlagsInSlices } from './slices.ts';
import { countUids, parseRanges, uidsOf } from './uid-set.ts';

const nowMs = TEST_TIME_MS;

test('slices hold every uid once, in order, and none is too large', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 20_000 }), { minLength: 0, maxLength: 3_000, size: 'max' }), fc.boolean(), (list, isDense) => {
      const uids = isDense ? Array.from({ length: list.length * 2 }, (_, i) => i + 1) : list.toSorted((a, b) => a - b);
      const slices = [...sliceUids(uids)].map(parseRanges);
      assert.deepEqual(
        slices.flatMap((slice) => [...uidsOf(slice)]),
        uids,
      );
      for (const slice of slices) assert.ok(countUids(slice) <= SLICE_MESSAGES && slice.length <= 400);
    }),
    { numRuns: 30 },
  );
});

test('large work in slices comes to the same as at once', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 2_500);
  const trash = await mailboxId(store, account, 'Trash');
  using base = await store.openMailbox(mailbox);
  const updated = await updateFlagsInSlices(store, { account, mailbox, uids: allUids(base), change: { mode: 'add', flags: bit(SEEN), keywords: [] }, nowMs });
  assert.deepEqual([updated.changed, updated.stale], ['1:2500', '']);
  const copied = await copyInSlices(store, { account, from: mailbox, to: trash, uids: allUids(base), nowMs });
  assert.deepEqual([copied.source, copied.target], ['1:2500', '1:2500']);
  const moved = await moveInSlices(store, { account, from: mailbox, to: trash, uids: selectUids(base.uids, base.length, [[1001, 9999]]), nowMs });
  assert.deepEqual([moved.source, moved.target], ['1001:2500', '2501:4000']);
  await updateFlagsInSlices(store, { account, mailbox, uids: [5, 6, 9], change: { mode: 'add', flags: bit(DELETED), keywords: [] }, nowMs });
  base.refresh();
  const expunged = await expungeInSlices(store, { account, mailbox, uids: allUids(base), onlyDeleted: true, nowMs });
  assert.equal(expunged.uids, '5:6,9');
});

test('COPY is all or nothing: what was copied before a slice was refused is taken away', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 2_500);
  const trash = await mailboxId(store, account, 'Trash');
  using base = await store.openMailbox(mailbox);
  const usedBytes = Array.from({ length: 2_500 }, (_, i) => sampleText(i + 1).length).reduce((sum, size) => sum + size);
  const attempt = copyInSlices(store, { account, from: mailbox, to: trash, uids: allUids(base), limitBytes: usedBytes * 1.9, nowMs });
  await assert.rejects(attempt, (error) => error instanceof DomainError && error.code === 'over-quota');
  const after = (await store.query(listMailboxes(account))).find(({ mailbox: id }) => id === trash);
  assert.deepEqual([after?.messages, after?.bytes], [0, 0]);
});

test('after a failed slice no further one is sent', async () => {
  const sent: number[] = [];
  const attempt = inSlices([1, 2, 3, 4, 5, 6], async (slice) => {
    sent.push(slice);
    await Promise.resolve();
    if (slice === 3) throw new Error('third');
    return slice;
  });
  await assert.rejects(attempt, /third/);
  assert.deepEqual(sent, [1, 2, 3, 4]);
});
