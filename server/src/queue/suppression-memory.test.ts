import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountId } from '#core/ids.ts';
import { openTestStore, TEST_TIME_MS } from '../../test/support/store.ts';
import { QUEUE_MUTATIONS } from './mutations.ts';
import { addSuppression, removeSuppression } from './suppression.ts';
import { SuppressionMemory } from './suppression-memory.ts';

const ACCOUNT = 7 as AccountId;
const ADDRESS = 'gone@example.org';

test('an address is found as soon as it is on the list, and not when it has left it or its time is over', async () => {
  await using place = await openTestStore({ mutations: QUEUE_MUTATIONS });
  const { store } = place;
  const memory = new SuppressionMemory(store);
  const reasonAt = async (nowMs: number): Promise<string | undefined> => (await memory.find(ACCOUNT, ADDRESS, nowMs))?.reason;
  assert.equal(await reasonAt(TEST_TIME_MS), undefined);
  const entry = { address: ADDRESS, reason: 'administrator', detail: '', createdAtMs: TEST_TIME_MS } as const;
  await store.commit(addSuppression, { ...entry, account: undefined, expiresAtMs: TEST_TIME_MS + 1000 });
  assert.equal(await reasonAt(TEST_TIME_MS), 'administrator');
  assert.equal(await reasonAt(TEST_TIME_MS + 1000), undefined);
  await store.commit(addSuppression, { ...entry, account: ACCOUNT, expiresAtMs: undefined });
  assert.equal(await reasonAt(TEST_TIME_MS + 1000), 'administrator');
  await store.commit(removeSuppression, { account: ACCOUNT, address: ADDRESS });
  assert.equal(await reasonAt(TEST_TIME_MS + 1000), undefined);
});
