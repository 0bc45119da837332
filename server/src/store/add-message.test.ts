import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import type { AccountId, EmailId, MailboxId } from '#core/ids.ts';
import { makeAccount, mailboxId, openTestStore, preparedLike, sampleText, TEST_TIME_MS } from '../../test/support/store.ts';
import { addMessage, type AddedMessage, fileMessage } from './add-message.ts';
import { bit, FLAGGED, SEEN } from './flags.ts';
import { listMailboxes } from './list-mailboxes.ts';
import { defineMutation } from './mutation.ts';
import { entriesByUid, readMessage } from './read-messages.ts';

const savedAtMs = TEST_TIME_MS;
const text = sampleText(1);

interface Recipient {
  readonly account: AccountId;
  readonly mailboxes: readonly MailboxId[];
}

/** What delivery does: one body, a prefix of each recipient's own, Sieve filing into several mailboxes. */
const deliver = defineMutation('test.deliver', function* (tx, { recipients, hash }: { readonly recipients: readonly Recipient[]; readonly hash: number }) {
  const added: AddedMessage[] = [];
  for (const { account, mailboxes } of recipients) {
    const [mailbox, ...others] = mailboxes;
    const prefix = Buffer.from(`Delivered-To: ${account}\r\n`);
    const { message } = preparedLike(text, { threadHashes: [hash, 7] });
    const first = yield* addMessage(tx, { account, mailbox: mailbox as MailboxId, message, body: 0, prefix, flags: 0, receivedAtMs: 5, savedAtMs });
    added.push(first);
    for (const other of others)
      added.push(yield* fileMessage(tx, { account, mailbox: other, email: first.email, flags: bit(SEEN) + bit(FLAGGED), keywords: ['Filed'], savedAtMs }));
  }
  return added;
});

test('one body is shared by all its recipients; each has a message of its own, in every mailbox that it was filed into', async () => {
  await using place = await openTestStore({ mutations: [deliver] });
  const { store } = place;
  const one = await makeAccount(store, 1);
  const two = await makeAccount(store, 2);
  const trash = await mailboxId(store, two.account, 'Trash');
  const recipients = [
    { account: one.account, mailboxes: [one.inbox] },
    { account: two.account, mailboxes: [two.inbox, trash, trash] },
  ];
  const added = await store.commit(deliver, { recipients, hash: 1 }, [{ bytes: Buffer.from(text) }]);
  assert.deepEqual(
    added.map(({ mailbox, uid }) => [mailbox, uid]),
    [
      [one.inbox, 1],
      [two.inbox, 1],
      [trash, 1],
      [trash, 2],
    ],
  );
  const [first, second, third] = added;
  assert.notEqual(first?.email, second?.email);
  assert.equal(third?.email, second?.email);
  const messages = [await store.query(readMessage(first?.email as EmailId)), await store.query(readMessage(second?.email as EmailId))];
  assert.equal(messages[0]?.blob, messages[1]?.blob);
  assert.equal(Buffer.from(messages[1]?.prefix ?? []).toString(), 'Delivered-To: 2\r\n');
  assert.equal(messages[1]?.size, text.length + 17);
  // The same message twice in a mailbox: the second entry's UIDL holds its uid.
  assert.deepEqual(
    (await store.query(entriesByUid(trash, 1, 9))).map(([uid, , , uidl]) => [uid, uidl]),
    [
      [1, 0],
      [2, 1],
    ],
  );
  const counts = (await store.query(listMailboxes(two.account))).filter(({ messages: n }) => n > 0).map(({ name, messages: n, unseen }) => [name, n, unseen]);
  assert.deepEqual(counts, [
    ['INBOX', 1, 1],
    ['Trash', 2, 0],
  ]);
});

test('a message joins the conversation of the first hash that is known in its account', async () => {
  await using place = await openTestStore({ mutations: [deliver] });
  const { store } = place;
  const one = await makeAccount(store, 1);
  const two = await makeAccount(store, 2);
  const send = async (account: AccountId, mailbox: MailboxId, hash: number): Promise<AddedMessage | undefined> =>
    (await store.commit(deliver, { recipients: [{ account, mailboxes: [mailbox] }], hash }, [{ bytes: Buffer.from(text) }]))[0];
  const first = await send(one.account, one.inbox, 1);
  const answer = await send(one.account, one.inbox, 2);
  const elsewhere = await send(two.account, two.inbox, 2);
  assert.deepEqual([first?.thread, answer?.thread], [first?.email, first?.email]);
  assert.equal(elsewhere?.thread, elsewhere?.email);
});

test('nobody files the message of another account', async () => {
  await using place = await openTestStore({ mutations: [deliver, fileOther] });
  const { store } = place;
  const one = await makeAccount(store, 1);
  const two = await makeAccount(store, 2);
  const [added] = await store.commit(deliver, { recipients: [{ account: one.account, mailboxes: [one.inbox] }], hash: 1 }, [{ bytes: Buffer.from(text) }]);
  const attempt = store.commit(fileOther, { account: two.account, mailbox: two.inbox, email: added?.email as EmailId });
  await assert.rejects(attempt, (error) => error instanceof DomainError && error.code === 'message-not-found');
});

const fileOther = defineMutation('test.fileOther', function* (tx, args: { readonly account: AccountId; readonly mailbox: MailboxId; readonly email: EmailId }) {
  yield* fileMessage(tx, { ...args, flags: 0, savedAtMs });
});
