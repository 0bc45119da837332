/** Stories of messages whose copies are moved and deleted, that are forwarded, and that others got too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountId, EmailId } from '#core/ids.ts';
import { createMailbox } from '#store/create-mailbox.ts';
import { bit, DELETED } from '#store/flags.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';
import { entriesByUid } from '#store/read-messages.ts';
import type { Store } from '#store/store.ts';
import { mailboxWith, openTestStore, TEST_TIME_MS, type TestStore } from '../../test/support/store.ts';
import { findStories, trailOf } from './find.ts';
import type { Story } from './story.ts';
import { indexTrail } from './index-trail.ts';
import { type Actor, copyBy, deleteMailboxBy, expungeBy, markDeletedBy, moveBy } from './mail-changes.ts';
import { TRAIL_MUTATIONS } from './mutations.ts';
import { record, type TrailEvent } from './record.ts';

const JAN = 1 as AccountId;
const ANNA = 2 as AccountId;
const OLA = 3 as AccountId;
const WHOLE = { fromMs: 0, toMs: TEST_TIME_MS + 1e9 };
const nowMs = TEST_TIME_MS;
const actor: Actor = { account: JAN, login: 'jan', door: 'imap', address: '198.51.100.7' };

const recordAll: Mutation<{ readonly events: readonly TrailEvent[] }, void> = defineMutation(
  'test.record',
  function* (tx, { events }: { readonly events: readonly TrailEvent[] }) {
    for (const event of events) yield* record(tx, event);
  },
);

for (const isIndexed of [false, true]) {
  test(`what is done to thousands of messages is a row for each slice, and is in the story of each of them (${isIndexed ? 'with' : 'without'} keys)`, async () => {
    await using place = await open();
    const { store } = place;
    const { mailbox } = await mailboxWith(store, 3000);
    const { mailbox: archive } = await store.commit(createMailbox, { account: JAN, name: 'Filed', nowMs });
    const emails = (await store.query(entriesByUid(mailbox, 1, 3000))).map(([, email]) => email as EmailId);
    await store.commit(recordAll, { events: [1, 1500, 2999].map((n) => delivery(`Q${n}`, emails[n] as EmailId)) });
    const before = await countRows(store);
    const change = { mode: 'add', flags: bit(DELETED), keywords: [] } as const;
    for (const uids of ['1:1000', '1001:2000', '2001:3000']) {
      await store.commit(moveBy, { account: JAN, from: mailbox, to: archive, uids, nowMs, actor, fromName: 'INBOX', toName: 'Filed' });
      await store.commit(markDeletedBy, { account: JAN, mailbox: archive, uids, change, nowMs, actor, name: 'Filed' });
      // Once more changes nothing, and is not told.
      await store.commit(markDeletedBy, { account: JAN, mailbox: archive, uids, change, nowMs, actor, name: 'Filed' });
      await store.commit(expungeBy, { account: JAN, mailbox: archive, uids, onlyDeleted: true, nowMs, actor, name: 'Filed' });
      await store.commit(expungeBy, { account: JAN, mailbox: archive, uids, onlyDeleted: true, nowMs, actor, name: 'Filed' });
    }
    assert.equal((await countRows(store)) - before, 9);
    if (isIndexed) {
      await indexTrail(store);
      assert.ok((await countKeys(store)) < 60, 'thousands of messages have few keys');
    }
    for (const n of [1, 1500, 2999]) assert.deepEqual(told(await findStories(store, `Q${n}`, WHOLE)), [['received', 'moved', 'marked', 'deleted']]);
  });

  test(`a mailbox that is deleted is in the story of what lay in it, and of nothing else (${isIndexed ? 'with' : 'without'} keys)`, async () => {
    await using place = await open();
    const { store } = place;
    const { mailbox } = await mailboxWith(store, 3);
    const { mailbox: old } = await store.commit(createMailbox, { account: JAN, name: 'Old', nowMs });
    const emails = (await store.query(entriesByUid(mailbox, 1, 3))).map(([, email]) => email as EmailId);
    await store.commit(recordAll, { events: emails.map((email, n) => delivery(`Q${n}`, email)) });
    const names = { fromName: 'INBOX', toName: 'Old' };
    await store.commit(copyBy, { account: JAN, from: mailbox, to: old, uids: '1', nowMs, actor, ...names });
    await store.commit(moveBy, { account: JAN, from: mailbox, to: old, uids: '2', nowMs, actor, ...names });
    await store.commit(moveBy, { account: JAN, from: old, to: mailbox, uids: '2', nowMs, actor, fromName: 'Old', toName: 'INBOX' });
    await store.commit(deleteMailboxBy, { account: JAN, mailbox: old, nowMs, actor, name: 'Old' });
    if (isIndexed) await indexTrail(store);
    const events = async (n: number): Promise<unknown> => told(await findStories(store, `Q${n}`, WHOLE));
    assert.deepEqual(await events(0), [['received', 'filed', 'deleted']]);
    assert.deepEqual(await events(1), [['received', 'moved', 'moved']]);
    assert.deepEqual(await events(2), [['received']]);
  });
}

test('what a forward sends on belongs to the story of the message, wherever one begins to look', async () => {
  await using place = await open();
  const { store } = place;
  const common = { atMs: nowMs, messageId: '<1@example.org>' };
  await store.commit(recordAll, {
    events: [
      { ...common, event: 'received', queueId: 'Q1', sender: 'a@example.org', recipients: [{ address: 'jan@capri.example', account: JAN }] },
      {
        ...common,
        event: 'forwarded',
        queueId: 'Q1',
        recipients: [{ address: 'jan@capri.example', account: JAN }],
        details: { to: 'jan@gmail.example', id: 'Q2' },
      },
      {
        ...common,
        event: 'queued',
        queueId: 'Q2',
        by: JAN,
        sender: 'srs0=x@capri.example',
        recipients: [{ address: 'jan@gmail.example' }],
        details: { of: 'Q1' },
      },
      { atMs: nowMs + 5, event: 'delivered', queueId: 'Q2', by: JAN, recipients: [{ address: 'jan@gmail.example' }] },
    ],
  });
  for (const key of ['Q1', 'Q2', '1@example.org', 'a@example.org', 'jan@gmail.example']) {
    const stories = await findStories(store, key, WHOLE);
    assert.deepEqual(told(stories), [['received', 'forwarded', 'queued', 'delivered']], key);
    assert.equal(stories[0]?.queueId, 'Q1');
  }
  assert.deepEqual(told(await trailOf(store, JAN, WHOLE)), [['received', 'forwarded', 'queued', 'delivered']]);
});

test('an account sees nothing of others: neither who got a copy, nor what they did with it, nor from where a sender here wrote', async () => {
  await using place = await open();
  const { store } = place;
  const sender = { queueId: 'Q1', messageId: '<1@capri.example>', by: OLA, sender: 'ola@capri.example' };
  const jan = { address: 'jan@capri.example', account: JAN, email: 2 ** 30 + 1, mailbox: 'INBOX' };
  const anna = { address: 'anna@capri.example', account: ANNA, email: 2 * 2 ** 30 + 1, mailbox: 'Junk' };
  const remote = { address: 'x@elsewhere.example' };
  const details = { protocol: 'ESMTPSA', remote: '203.0.113.9', helo: '[10.0.0.1]', login: 'ola', size: 10 };
  await store.commit(recordAll, {
    events: [
      { ...sender, event: 'received', atMs: nowMs, recipients: [jan, anna, remote] as TrailEvent['recipients'] & object, details },
      { ...sender, event: 'queued', atMs: nowMs, recipients: [remote] },
      {
        ...sender,
        event: 'bounced',
        atMs: nowMs + 1,
        recipients: [remote],
        details: { reply: '550 5.1.1 <x@elsewhere.example> unknown', host: 'mx.elsewhere.example' },
      },
    ],
  });
  const [own] = await trailOf(store, JAN, WHOLE);
  assert.deepEqual(
    own?.entries.map((entry) => ({ ...entry, trail: 0 })),
    [
      {
        trail: 0,
        atMs: nowMs,
        event: 'received',
        queueId: 'Q1',
        messageId: '<1@capri.example>',
        by: undefined,
        sender: 'ola@capri.example',
        recipients: [jan],
        details: { protocol: 'ESMTPSA', size: 10 },
      },
    ],
  );
  // By what it must not know it finds nothing: else it could ask who got a copy.
  for (const key of ['anna@capri.example', 'x@elsewhere.example']) assert.deepEqual(await trailOf(store, JAN, WHOLE, key), []);
  for (const key of ['Q1', '<1@capri.example>', 'ola@capri.example', 'jan@capri.example']) assert.equal((await trailOf(store, JAN, WHOLE, key)).length, 1);
  assert.deepEqual(await trailOf(store, 9 as AccountId, WHOLE, 'Q1'), []);
  const [sent] = await trailOf(store, OLA, WHOLE, 'Q1');
  assert.deepEqual(told(sent ? [sent] : []), [['received', 'queued', 'bounced']]);
  assert.equal(JSON.stringify(sent).includes('Junk'), false, 'what the filter of somebody else thinks is not told');
});

test('what an account does with its mail does not push out the mail itself', async () => {
  await using place = await open();
  const { store } = place;
  const { mailbox } = await mailboxWith(store, 30);
  const { mailbox: to } = await store.commit(createMailbox, { account: JAN, name: 'Old', nowMs });
  const emails = (await store.query(entriesByUid(mailbox, 1, 30))).map(([, email]) => email as EmailId);
  await store.commit(recordAll, { events: emails.map((email, n) => delivery(`Q${n}`, email)) });
  for (let uid = 1; uid <= 30; uid++)
    await store.commit(moveBy, { account: JAN, from: mailbox, to, uids: String(uid), nowMs, actor, fromName: 'INBOX', toName: 'Old' });
  for (const isIndexed of [false, true]) {
    if (isIndexed) await indexTrail(store);
    const stories = await trailOf(store, JAN, { ...WHOLE, limit: 25 });
    assert.equal(stories.length, 25);
    assert.deepEqual(new Set(stories.map(({ entries }) => entries.map(({ event }) => event).join())), new Set(['received,moved']));
  }
});

test('the newest messages are told, as many as were asked for', async () => {
  await using place = await open();
  const { store } = place;
  await store.commit(recordAll, { events: Array.from({ length: 300 }, (_, n) => delivery(`Q${n}`, (2 ** 30 + n + 1) as EmailId)) });
  for (const isIndexed of [false, true]) {
    if (isIndexed) await indexTrail(store);
    const ids = async (limit?: number): Promise<readonly string[]> =>
      (await findStories(store, 'a@example.org', { ...WHOLE, ...(limit !== undefined && { limit }) })).map(({ queueId }) => queueId);
    assert.deepEqual(await ids(2), ['Q298', 'Q299']);
    assert.equal((await ids()).length, 20);
    assert.equal((await ids(5000)).length, 200);
  }
});

function open(): Promise<TestStore> {
  return openTestStore({ mutations: [...TRAIL_MUTATIONS, recordAll] });
}

function delivery(queueId: string, email: EmailId): TrailEvent {
  const recipients = [{ address: 'jan@capri.example', account: JAN, email, mailbox: 'INBOX' }];
  return { event: 'received', atMs: nowMs, queueId, messageId: `<${queueId}@example.org>`, sender: 'a@example.org', recipients };
}

function told(stories: readonly Story[]): unknown {
  return stories.map(({ entries }) => entries.map(({ event }) => event));
}

async function countRows(store: Store): Promise<number> {
  return store.query(count(sql`SELECT count(*) AS n FROM trail`));
}

async function countKeys(store: Store): Promise<number> {
  return store.query(count(sql`SELECT count(*) AS n FROM trail_key`));
}

function* count(statement: ReturnType<typeof sql>): Program<number> {
  return (yield* one<{ readonly n: number }>(statement))?.n ?? 0;
}
