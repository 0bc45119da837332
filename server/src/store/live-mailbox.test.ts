import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import type { MailboxId } from '#core/ids.ts';
import { appendTexts, mailboxId, mailboxWith, openTestStore, sampleText, TEST_TIME_MS } from '../../test/support/store.ts';
import { createMailbox } from './create-mailbox.ts';
import { deleteMailbox } from './delete-mailbox.ts';
import { expunge } from './expunge.ts';
import { bit, FLAGGED } from './flags.ts';
import { pruneLog } from './housekeeping-mutations.ts';
import { LiveMailbox } from './live-mailbox.ts';
import type { MailboxChange } from './mailbox-base.ts';
import { openForReading } from './open.ts';
import { updateFlags } from './update-flags.ts';

const nowMs = TEST_TIME_MS;

for (const isPruned of [false, true])
  test(`a table that was left behind catches up${isPruned ? ', also when the log has been pruned past it' : ''}`, async () => {
    await using place = await openTestStore();
    const { store } = place;
    const { account, mailbox } = await mailboxWith(store, 20);
    using connection = openForReading(place.directory);
    const behind = await LiveMailbox.load(connection, mailbox);
    const changes: MailboxChange[] = [];
    behind.onChange((change) => changes.push(change));

    await store.commit(updateFlags, { account, mailbox, uids: '3:6,9', change: { mode: 'add', flags: bit(FLAGGED), keywords: ['Blue'] }, nowMs });
    await store.commit(expunge, { account, mailbox, uids: '5,7:8,20', onlyDeleted: false, nowMs });
    await appendTexts(store, account, mailbox, [sampleText(21), sampleText(22), sampleText(23)]);
    await store.commit(expunge, { account, mailbox, uids: '22', onlyDeleted: false, nowMs });
    if (isPruned) await store.commit(pruneLog, { account, before: nowMs + 1, limit: 1000 });
    behind.refresh();

    const fresh = await LiveMailbox.load(connection, mailbox);
    assert.deepEqual(contents(behind), contents(fresh));
    assert.deepEqual(
      changes.map(({ firstNew, changed, gone, deleted }) => ({ firstNew, changed, gone: gone.map(({ uid, size }) => [uid, size]), deleted })),
      [{ firstNew: 16, changed: [3, 4, 6, 9], gone: [5, 7, 8, 20].map((uid) => [uid, sampleText(uid).length]), deleted: false }],
    );
    behind.refresh();
    assert.equal(changes.length, 1);
  });

test('a table is told of its mailbox being deleted, and a deleted mailbox cannot be opened', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await mailboxWith(store, 1);
  const { mailbox } = await store.commit(createMailbox, { account, name: 'Gone', nowMs });
  await appendTexts(store, account, mailbox, [sampleText(1)]);
  using base = await store.openMailbox(mailbox);
  const deleted: boolean[] = [];
  using _ = base.onChange((change) => deleted.push(change.deleted));
  await store.commit(deleteMailbox, { account, mailbox, nowMs });
  assert.deepEqual(deleted, [true]);
  assert.equal(base.length, 1);
  await assert.rejects(store.openMailbox(mailbox), isNotFound);
  await assert.rejects(store.openMailbox((mailbox + 100) as MailboxId), isNotFound);
});

test('changes reach every holder of a table by themselves, and a mailbox that is opened again is current', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 2);
  const lengths: number[] = [];
  {
    using one = await store.openMailbox(mailbox);
    using two = await store.openMailbox(mailbox);
    one.onChange(() => lengths.push(one.length));
    two.onChange(() => lengths.push(two.length));
    await appendTexts(store, account, mailbox, [sampleText(3)]);
    assert.deepEqual(lengths, [3, 3]);
  }
  await appendTexts(store, account, mailbox, [sampleText(4)]);
  assert.deepEqual(lengths, [3, 3]);
  using again = await store.openMailbox(mailbox);
  assert.equal(again.length, 4);
});

test('a large mailbox is loaded in slices while it changes', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 9_000);
  const opening = store.openMailbox(mailbox);
  const change = store.commit(updateFlags, { account, mailbox, uids: '1:5,8999', change: { mode: 'add', flags: bit(FLAGGED), keywords: [] }, nowMs });
  const gone = store.commit(expunge, { account, mailbox, uids: '2,8998', onlyDeleted: false, nowMs });
  await Promise.all([change, gone]);
  using base = await opening;
  base.refresh();
  using connection = openForReading(place.directory);
  const fresh = await LiveMailbox.load(connection, mailbox);
  assert.equal(base.length, 8_998);
  assert.deepEqual(
    Array.from({ length: base.length }, (_, i) => [base.uids[i], base.flags[i], base.modseqs[i]]),
    Array.from({ length: fresh.length }, (_, i) => [fresh.uids[i], fresh.flags[i], fresh.modseqs[i]]),
  );
});

test('a name that only holds other mailboxes cannot be opened', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await mailboxWith(store, 0);
  await store.commit(createMailbox, { account, name: 'Above/Below', nowMs });
  await store.commit(deleteMailbox, { account, mailbox: await mailboxId(store, account, 'Above'), nowMs });
  const left = await mailboxId(store, account, 'Above');
  await assert.rejects(store.openMailbox(left), (error) => error instanceof DomainError && error.code === 'mailbox-not-selectable');
});

function isNotFound(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'mailbox-not-found';
}

function contents(table: LiveMailbox): unknown {
  return {
    uidNext: table.uidNext,
    highestModseq: table.highestModseq,
    atModseq: table.atModseq,
    rows: Array.from({ length: table.length }, (_, i) => [table.uids[i], table.emails[i], table.flags[i], table.modseqs[i], table.sizes[i]]),
  };
}
