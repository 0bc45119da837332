import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import { mailboxWith, openTestStore, TEST_TIME_MS } from '../../test/support/store.ts';
import { expunge } from './expunge.ts';
import { KEYWORD_LIMIT } from './flags.ts';
import { findKeywords, readKeywords } from './keywords.ts';
import { updateFlags } from './update-flags.ts';

const nowMs = TEST_TIME_MS;

test('an account can have as many keywords as there are places; one that nobody uses gives its place to a new one', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 2);
  const set = (uids: string, mode: 'add' | 'remove' | 'replace', keywords: readonly string[]): Promise<unknown> =>
    store.commit(updateFlags, { account, mailbox, uids, change: { mode, flags: 0, keywords }, nowMs });
  const all = Array.from({ length: KEYWORD_LIMIT }, (_, i) => `k${i}`);
  await set('1:2', 'add', all);
  await assert.rejects(set('1', 'add', ['OneMore']), (error) => error instanceof DomainError && error.code === 'keyword-limit');
  await set('1', 'remove', ['K3']);
  await assert.rejects(set('1', 'add', ['OneMore']), (error) => error instanceof DomainError && error.code === 'keyword-limit');
  await store.commit(expunge, { account, mailbox, uids: '2', onlyDeleted: false, nowMs });
  await set('1', 'add', ['OneMore']);
  const names = await store.query(readKeywords(account));
  assert.equal(names.size, KEYWORD_LIMIT);
  assert.equal(names.get(8), 'OneMore');
});

test('keywords are compared without case and keep the form in which they were first written', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 1);
  const change = { mode: 'add' as const, flags: 0, keywords: ['$Forwarded', '$FORWARDED'] };
  await store.commit(updateFlags, { account, mailbox, uids: '1', change, nowMs });
  assert.deepEqual([...(await store.query(readKeywords(account)))], [[5, '$Forwarded']]);
  assert.equal(await store.query(findKeywords(account, ['$forwarded', 'unknown'])), 32);
});
