import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '#core/errors.ts';
import type { Store } from './store.ts';
import type { AccountId } from '#core/ids.ts';
import { appendTexts, mailboxId, mailboxWith, makeAccount, openTestStore, sampleText, TEST_TIME_MS } from '../../test/support/store.ts';
import { createMailbox } from './create-mailbox.ts';
import { claimRecent } from './claim-recent.ts';
import { deleteMailbox } from './delete-mailbox.ts';
import { findSpecialUse, listMailboxes, listSubscriptions } from './list-mailboxes.ts';
import { mailboxName } from './mailbox-name.ts';
import { renameInbox } from './rename-inbox.ts';
import { renameMailbox } from './rename-mailbox.ts';
import { subscribe } from './subscribe.ts';

const nowMs = TEST_TIME_MS;

test('a new account has the mailboxes that everybody has, subscribed, with their special uses', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await makeAccount(store);
  const listed = await store.query(listMailboxes(account));
  assert.deepEqual(
    listed.map(({ name, specialUse }) => [name, specialUse]),
    [
      ['Archive', '\\Archive'],
      ['Drafts', '\\Drafts'],
      ['INBOX', ''],
      ['Junk', '\\Junk'],
      ['Sent', '\\Sent'],
      ['Trash', '\\Trash'],
    ],
  );
  assert.equal(new Set(listed.map(({ uidValidity }) => uidValidity)).size, 6);
  assert.deepEqual(
    await store.query(listSubscriptions(account)),
    listed.map(({ name }) => name),
  );
  assert.equal((await store.query(findSpecialUse(account, '\\Junk')))?.name, 'Junk');
  await refused(makeAccount(store), 'account-exists');
});

test('CREATE makes the parents that are missing, and a special use belongs to one mailbox', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await makeAccount(store);
  await store.commit(createMailbox, { account, name: 'a/b/c', nowMs });
  assert.deepEqual(await names(store, account, 'a'), ['a', 'a/b', 'a/b/c']);
  await refused(store.commit(createMailbox, { account, name: 'a/b', nowMs }), 'mailbox-exists');
  await refused(store.commit(createMailbox, { account, name: 'Sent too', specialUse: '\\Sent', nowMs }), 'bad-request');
  await store.commit(createMailbox, { account, name: 'Everything', specialUse: '\\All', nowMs });
});

test('RENAME takes along what is below, makes parents, keeps ids, and leaves subscriptions to the names', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await makeAccount(store);
  for (const name of ['a', 'a/b', 'a/b/c', 'a b', 'aa']) await store.commit(createMailbox, { account, name, isSubscribed: true, nowMs });
  const deep = await mailboxId(store, account, 'a/b/c');
  await store.commit(renameMailbox, { account, mailbox: await mailboxId(store, account, 'a'), name: 'x/y', nowMs });
  assert.deepEqual(await names(store, account, 'a', 'x'), ['a b', 'aa', 'x', 'x/y', 'x/y/b', 'x/y/b/c']);
  assert.equal(await mailboxId(store, account, 'x/y/b/c'), deep);
  assert.ok((await store.query(listSubscriptions(account))).includes('a/b/c'));
  const y = await mailboxId(store, account, 'x/y');
  await refused(store.commit(renameMailbox, { account, mailbox: y, name: 'x/y/z', nowMs }), 'mailbox-name-invalid');
  await refused(store.commit(renameMailbox, { account, mailbox: y, name: 'aa', nowMs }), 'mailbox-exists');
  await refused(store.commit(renameMailbox, { account, mailbox: await mailboxId(store, account, 'INBOX'), name: 'z', nowMs }), 'mailbox-protected');
});

test('RENAME INBOX moves its messages and leaves it, empty, with its id and what is below', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 1_500);
  await store.commit(createMailbox, { account, name: 'INBOX/Sub', nowMs });
  await renameInbox(store, { account, inbox: mailbox, name: 'Old', nowMs });
  const listed = await store.query(listMailboxes(account));
  assert.deepEqual(
    listed.filter(({ name }) => /INBOX|Old/.test(name)).map(({ name, messages }) => [name, messages]),
    [
      ['INBOX', 0],
      ['INBOX/Sub', 0],
      ['Old', 1_500],
    ],
  );
  assert.equal(await mailboxId(store, account, 'INBOX'), mailbox);
});

test('DELETE leaves a name that cannot be selected while there are mailboxes below, and CREATE fills it again', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await makeAccount(store);
  await store.commit(createMailbox, { account, name: 'a/b', nowMs });
  const first = await mailboxId(store, account, 'a');
  await appendTexts(store, account, first, [sampleText(1)]);
  await store.commit(deleteMailbox, { account, mailbox: first, nowMs });
  const left = (await store.query(listMailboxes(account))).find(({ name }) => name === 'a');
  assert.deepEqual([left?.isSelectable, left?.messages], [false, 0]);
  await refused(store.commit(deleteMailbox, { account, mailbox: await mailboxId(store, account, 'a'), nowMs }), 'mailbox-has-children');
  await refused(appendTexts(store, account, await mailboxId(store, account, 'a'), [sampleText(2)]), 'mailbox-not-selectable');
  const again = await store.commit(createMailbox, { account, name: 'a', nowMs });
  assert.notEqual(again.mailbox, first);
  await appendTexts(store, account, again.mailbox, [sampleText(3)]);
  await refused(store.commit(deleteMailbox, { account, mailbox: await mailboxId(store, account, 'INBOX'), nowMs }), 'mailbox-protected');
  await refused(store.commit(deleteMailbox, { account, mailbox: first, nowMs }), 'mailbox-not-found');
});

test('nobody changes the mailboxes of another account', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await makeAccount(store, 1);
  const other = await makeAccount(store, 2);
  const trash = await mailboxId(store, other.account, 'Trash');
  await refused(store.commit(deleteMailbox, { account, mailbox: trash, nowMs }), 'mailbox-not-found');
  await refused(store.commit(renameMailbox, { account, mailbox: trash, name: 'mine', nowMs }), 'mailbox-not-found');
  await refused(appendTexts(store, account, trash, [sampleText(1)]), 'mailbox-not-found');
});

test('a subscription is to a name, there or not', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account } = await makeAccount(store);
  await store.commit(subscribe, { account, name: 'Not there', isSubscribed: true, nowMs });
  await store.commit(subscribe, { account, name: 'INBOX', isSubscribed: false, nowMs });
  const subscribed = await store.query(listSubscriptions(account));
  assert.deepEqual([subscribed.includes('Not there'), subscribed.includes('INBOX')], [true, false]);
});

test('the session that selects first is told which messages are recent', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 3);
  assert.equal(await store.commit(claimRecent, { mailbox }), 1);
  await appendTexts(store, account, mailbox, [sampleText(4)]);
  assert.equal(await store.commit(claimRecent, { mailbox }), 4);
  assert.equal(await store.commit(claimRecent, { mailbox }), 5);
});

test('a name is made canonical or refused, and never anything else', () => {
  assert.equal(mailboxName('inbox'), 'INBOX');
  assert.equal(mailboxName('InBox/sub'), 'INBOX/sub');
  assert.equal(mailboxName('inboxes'), 'inboxes');
  assert.equal(mailboxName('Zo\u0301\u0142w'), 'Z\u00f3\u0142w');
  for (const bad of ['', '/', 'a/', '/a', 'a//b', 'a\nb', 'a\u0000', 'a\u0085', 'a\u2028', '\ud800', 'x'.repeat(1001), Array(33).fill('d').join('/')])
    assert.throws(
      () => mailboxName(bad),
      (error) => error instanceof DomainError && error.code === 'mailbox-name-invalid',
      bad,
    );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      let name: string;
      try {
        name = mailboxName(text);
      } catch (error) {
        assert.ok(error instanceof DomainError);
        return;
      }
      assert.equal(mailboxName(name), name);
    }),
  );
});

async function names(store: Store, account: AccountId, ...first: readonly string[]): Promise<string[]> {
  const listed = await store.query(listMailboxes(account));
  return listed.map(({ name }) => name).filter((name) => first.some((letter) => name.startsWith(letter)));
}

async function refused(attempt: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(attempt, (error) => error instanceof DomainError && error.code === code);
}
