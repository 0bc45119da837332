import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendTexts, mailboxId, mailboxWith, openTestStore, sampleText, TEST_TIME_MS } from '../../test/support/store.ts';
import { copyMessages, moveMessages } from './copy-messages.ts';
import { expunge } from './expunge.ts';
import { bit, DELETED, SEEN } from './flags.ts';
import { readKeywords } from './keywords.ts';
import { listMailboxes } from './list-mailboxes.ts';
import { readMessage } from './read-messages.ts';
import { updateFlags } from './update-flags.ts';

test('a message that was appended is in the mailbox, with its bytes', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 3);
  using base = await store.openMailbox(mailbox);
  assert.deepEqual([...base.uids.subarray(0, base.length)], [1, 2, 3]);
  const message = await store.query(readMessage(base.emails[1] as never));
  assert.ok(message);
  assert.equal((await store.readBlob(message.blob, 0, message.size)).toString(), sampleText(2));
  const [added] = await appendTexts(store, account, mailbox, [sampleText(4)]);
  base.refresh();
  assert.equal(base.length, 4);
  assert.equal(base.uids[3], added?.uid);
});

test('flags, copy, move and expunge show in the table and in the counters', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 10);
  const trash = await mailboxId(store, account, 'Trash');
  const nowMs = TEST_TIME_MS;
  using base = await store.openMailbox(mailbox);
  using other = await store.openMailbox(trash);
  const updated = await store.commit(updateFlags, {
    account,
    mailbox,
    uids: '1:5',
    change: { mode: 'add', flags: bit(SEEN), keywords: ['$Forwarded'] },
    nowMs,
  });
  assert.equal(updated.changed, '1:5');
  assert.deepEqual([...(await store.query(readKeywords(account)))], [[5, '$Forwarded']]);
  const copied = await store.commit(copyMessages, { account, from: mailbox, to: trash, uids: '2:3,9', nowMs });
  assert.deepEqual([copied.source, copied.target], ['2:3,9', '1:3']);
  const moved = await store.commit(moveMessages, { account, from: mailbox, to: trash, uids: '4', nowMs });
  assert.deepEqual([moved.source, moved.target], ['4', '4']);
  await store.commit(updateFlags, { account, mailbox, uids: '7:8', change: { mode: 'replace', flags: bit(DELETED), keywords: [] }, nowMs });
  const expunged = await store.commit(expunge, { account, mailbox, uids: '1:10', onlyDeleted: true, nowMs });
  assert.equal(expunged.uids, '7:8');
  base.refresh();
  other.refresh();
  assert.deepEqual([...base.uids.subarray(0, base.length)], [1, 2, 3, 5, 6, 9, 10]);
  assert.deepEqual([...other.flags.subarray(0, other.length)], [33, 33, 0, 33]);
  const info = await store.query(listMailboxes(account));
  const counters = info.map(({ name, messages, unseen, deleted }) => [name, messages, unseen, deleted]).filter(([, messages]) => messages !== 0);
  assert.deepEqual(counters, [
    ['INBOX', 7, 3, 0],
    ['Trash', 4, 1, 0],
  ]);
});
