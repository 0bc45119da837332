import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountId, EmailId } from '#core/ids.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { openTestStore, TEST_TIME_MS } from '../../test/support/store.ts';
import { findOwnTrail, findTrail } from './find.ts';
import { indexTrail } from './index-trail.ts';
import { TRAIL_MUTATIONS } from './mutations.ts';
import { pruneTrail } from './prune.ts';
import { record, type TrailEvent } from './record.ts';

const DAY_MS = 24 * 3600_000;
const JAN = 1 as AccountId;
const ANNA = 2 as AccountId;
const WHOLE = { fromMs: TEST_TIME_MS - 90 * DAY_MS, toMs: TEST_TIME_MS + 90 * DAY_MS };
const REMOTE = 'Żaba@elsewhere.example';

const recordAll: Mutation<{ readonly events: readonly TrailEvent[] }, void> = defineMutation(
  'test.record',
  function* (tx, { events }: { readonly events: readonly TrailEvent[] }) {
    for (const event of events) yield* record(tx, event);
  },
);

for (const isIndexed of [false, true]) {
  test(`a message is found by ids and addresses, always with its whole story (${isIndexed ? 'with' : 'without'} keys)`, async () => {
    await using place = await openTestStore({ mutations: [...TRAIL_MUTATIONS, recordAll] });
    const { store } = place;
    await store.commit(recordAll, { events: [...story('Q1', '<Mail.1@example.org>', TEST_TIME_MS), ...story('Q2', '<mail.2@example.org>', TEST_TIME_MS + 1)] });
    if (isIndexed) assert.equal(await indexTrail(store), 4);
    for (const key of ['<Mail.1@example.org>', 'mail.1@example.org', 'Q1', ' q1']) {
      const found = await findTrail(store, key, WHOLE);
      assert.deepEqual(
        found.map(({ event, queueId }) => [event, queueId]),
        [
          ['received', 'Q1'],
          ['delivered', 'Q1'],
        ],
        key,
      );
      assert.deepEqual(found[1]?.details, { reply: '250 Ok', host: 'mx.elsewhere.example' });
    }
    for (const key of ['jan@capri.example', 'żaba@elsewhere.example']) {
      assert.deepEqual(
        (await findTrail(store, key, WHOLE)).map(({ queueId }) => queueId),
        ['Q1', 'Q2', 'Q1', 'Q2'],
        key,
      );
    }
    assert.deepEqual(await findTrail(store, 'nothing', WHOLE), []);
    assert.deepEqual(await findTrail(store, '', WHOLE), []);
    assert.deepEqual(await findTrail(store, 'Q1', { fromMs: 0, toMs: TEST_TIME_MS - 1 }), []);
  });
}

test('an account sees its own mail without the others who got it, and all of what it sent', async () => {
  await using place = await openTestStore({ mutations: [...TRAIL_MUTATIONS, recordAll] });
  await place.store.commit(recordAll, { events: story('Q1', '<1@example.org>', TEST_TIME_MS) });
  const recipients = async (account: AccountId): Promise<unknown> =>
    (await findOwnTrail(place.store, account, WHOLE)).map((entry) => [entry.event, entry.recipients.map(({ address }) => address)]);
  assert.deepEqual(await recipients(JAN), [
    ['received', ['anna@capri.example', REMOTE]],
    ['delivered', [REMOTE]],
  ]);
  assert.deepEqual(await recipients(ANNA), [['received', ['anna@capri.example']]]);
  assert.deepEqual(await recipients(3 as AccountId), []);
});

test('what is too old is forgotten in slices, keys too, and numbers go on', async () => {
  await using place = await openTestStore({ mutations: [...TRAIL_MUTATIONS, recordAll] });
  const { store } = place;
  const day = async (n: number): Promise<void> => {
    const atMs = TEST_TIME_MS + n * DAY_MS;
    await store.commit(recordAll, { events: Array.from({ length: 600 }, (_, i) => story(`Q${n}-${i}`, `<${n}-${i}@example.org>`, atMs + i)).flat() });
  };
  await day(0);
  await day(1);
  await indexTrail(store);
  assert.equal(await pruneTrail(store, TEST_TIME_MS + DAY_MS), 1200);
  assert.deepEqual(await findTrail(store, 'Q0-5', WHOLE), []);
  assert.equal((await findTrail(store, 'Q1-5', WHOLE)).length, 2);
  assert.equal(await pruneTrail(store, TEST_TIME_MS + 2 * DAY_MS), 1199);
  await day(2);
  assert.equal((await findTrail(store, 'Q2-5', WHOLE)).length, 2);
});

/** A message from jan to anna here and to somebody elsewhere, delivered there five seconds later. */
function story(queueId: string, messageId: string, atMs: number): TrailEvent[] {
  const sender = 'jan@capri.example';
  const anna = { address: 'anna@capri.example', account: ANNA, email: 5 as EmailId };
  return [
    { event: 'received', atMs, queueId, messageId, by: JAN, sender, recipients: [anna, { address: REMOTE }], details: { peer: '192.0.2.1', size: 4096 } },
    {
      event: 'delivered',
      atMs: atMs + 5000,
      queueId,
      messageId,
      by: JAN,
      sender,
      recipients: [{ address: REMOTE }],
      details: { reply: '250 Ok', host: 'mx.elsewhere.example' },
    },
  ];
}
