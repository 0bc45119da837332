import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import type { Store } from '#store/store.ts';
import { openTestStore, TEST_TIME_MS } from '../../test/support/store.ts';
import { findByAccount, findByKey } from './find.ts';
import { TRAIL_MUTATIONS } from './mutations.ts';
import { pruneTrail } from './prune.ts';
import { record, type TrailEvent } from './record.ts';

const DAY_MS = 24 * 3600_000;
const JAN = 1 as AccountId;
const ANNA = 2 as AccountId;
const WHOLE = { fromMs: TEST_TIME_MS - 90 * DAY_MS, toMs: TEST_TIME_MS + 90 * DAY_MS };

const recordAll: Mutation<{ readonly events: readonly TrailEvent[] }, void> = defineMutation(
  'test.record',
  function* (tx, { events }: { readonly events: readonly TrailEvent[] }) {
    for (const event of events) yield* record(tx, event);
  },
);

test('a message is found by its Message-ID, the id of the reply, its sender, and the remote recipient, always with its whole story', async () => {
  await using place = await openTestStore({ mutations: [...TRAIL_MUTATIONS, recordAll] });
  await place.store.commit(recordAll, { events: [...story('Q1', '<Mail.1@example.org>', TEST_TIME_MS), ...story('Q2', '<mail.2@example.org>', TEST_TIME_MS)] });
  for (const key of ['<Mail.1@example.org>', 'mail.1@example.org', 'Q1', 'q1']) {
    const found = await place.store.query(findByKey(key, WHOLE));
    assert.deepEqual(
      found.map(({ event, account, queueId }) => [event, account, queueId]),
      [
        ['received', undefined, 'Q1'],
        ['queued', undefined, 'Q1'],
        ['filed', JAN, 'Q1'],
        ['filed', ANNA, 'Q1'],
        ['delivered', undefined, 'Q1'],
      ],
      key,
    );
  }
  for (const key of ['Sender@example.org', 'Żaba@elsewhere.example']) assert.equal((await place.store.query(findByKey(key, WHOLE))).length, 10, key);
  assert.deepEqual(await place.store.query(findByKey('nothing', WHOLE)), []);
});

test('an account sees its own trail and nobody else', async () => {
  await using place = await openTestStore({ mutations: [...TRAIL_MUTATIONS, recordAll] });
  await place.store.commit(recordAll, { events: story('Q1', '<1@example.org>', TEST_TIME_MS) });
  await place.store.commit(recordAll, { events: story('Q2', '<2@example.org>', TEST_TIME_MS + DAY_MS) });
  const found = await place.store.query(findByAccount(JAN, WHOLE));
  assert.deepEqual(
    found.map(({ queueId, details, email }) => [queueId, details, email]),
    [
      ['Q1', { mailbox: 'INBOX' }, 5],
      ['Q2', { mailbox: 'INBOX' }, 5],
    ],
  );
  assert.equal((await place.store.query(findByAccount(JAN, { ...WHOLE, limit: 1 })))[0]?.queueId, 'Q2');
});

test('what is too old is forgotten in slices, keys too', async () => {
  await using place = await openTestStore({ mutations: [...TRAIL_MUTATIONS, recordAll] });
  for (let day = 0; day < 4; day++) {
    const events = Array.from({ length: 300 }, (_, n) => story(`Q${day}-${n}`, `<${day}-${n}@example.org>`, TEST_TIME_MS + day * DAY_MS + (n >> 3))).flat();
    await place.store.commit(recordAll, { events });
  }
  assert.equal(await pruneTrail(place.store, TEST_TIME_MS + 3 * DAY_MS), 3 * 300 * 5);
  assert.equal(await pruneTrail(place.store, TEST_TIME_MS + 4 * DAY_MS - 1), 300 * 5);
  assert.equal(await countKeys(place.store, '3-7'), 0);
});

async function countKeys(store: Store, id: string): Promise<number> {
  return (await store.query(findByKey(`<${id}@example.org>`, WHOLE))).length;
}

/** A message to two accounts here and one recipient elsewhere. */
function story(queueId: string, messageId: string, atMs: number): TrailEvent[] {
  const sender = 'sender@example.org';
  const remote = 'żaba@elsewhere.example';
  return [
    {
      event: 'received',
      atMs,
      account: undefined,
      queueId,
      messageId,
      keys: [messageId, queueId, sender],
      details: { sender, accounts: [1, 2], peer: '192.0.2.1' },
    },
    ...[JAN, ANNA].map((account): TrailEvent => ({ event: 'filed', atMs, account, queueId, email: 5 as never, messageId, details: { mailbox: 'INBOX' } })),
    { event: 'queued', atMs, account: undefined, queueId, messageId, keys: [queueId, messageId, remote], details: { recipients: [remote] } },
    { event: 'delivered', atMs: atMs + 5000, account: undefined, queueId, messageId, keys: [queueId, messageId, remote], details: { recipient: remote } },
  ];
}
