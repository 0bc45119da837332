import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { FakeClock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import type { AccountId, BlobId, EmailId, MailboxId } from '#core/ids.ts';
import { makeAccount, openTestStore, preparedLike, sampleText, type TestStore } from '../../test/support/store.ts';
import { append } from './append.ts';
import { firstPlace, segmentsDirectory } from './blobs/layout.ts';
import { changesSince, expungedSince, touchedSince } from './read-change-log.ts';
import { createMailbox } from './create-mailbox.ts';
import { deleteMailbox } from './delete-mailbox.ts';
import { expunge } from './expunge.ts';
import { keepHouse } from './housekeeping.ts';
import { destroyOrphans, freeBodies, markEmptied, markRemoved, sealSegments } from './housekeeping-mutations.ts';
import type { Body } from './mutation.ts';
import { readMessage } from './read-messages.ts';
import { one, sql } from './sql.ts';

const HOUR_MS = 3_600_000;

test('an expunged message is served until its grace is over; then it is destroyed, and after another grace its body is freed', async () => {
  await using place = await openTestStore();
  const { clock, account, inbox, store } = await begin(place);
  const [email] = await appendAt(place, clock, account, inbox, 1);
  const message = await store.query(readMessage(email as EmailId));
  await store.commit(expunge, { account, mailbox: inbox, uids: '1', onlyDeleted: false, nowMs: clock.nowMs() });
  clock.advance(HOUR_MS - 1);
  await house(place, clock);
  assert.deepEqual(await store.query(readMessage(email as EmailId)), message);
  clock.advance(1);
  await house(place, clock);
  assert.equal(await store.query(readMessage(email as EmailId)), undefined);
  assert.deepEqual(await count(place, 'blob'), 1);
  assert.deepEqual(await count(place, 'thread_key'), 0);
  clock.advance(HOUR_MS);
  await house(place, clock);
  assert.deepEqual(await count(place, 'blob'), 0);
});

test('a copy keeps a message alive, and its conversation is found as long as one message is left', async () => {
  await using place = await openTestStore();
  const { clock, account, inbox, store } = await begin(place);
  const [first] = await appendAt(place, clock, account, inbox, 1, [11]);
  await appendAt(place, clock, account, inbox, 2, [22, 11]);
  await store.commit(expunge, { account, mailbox: inbox, uids: '1', onlyDeleted: false, nowMs: clock.nowMs() });
  clock.advance(HOUR_MS);
  await house(place, clock);
  assert.equal(await store.query(readMessage(first as EmailId)), undefined);
  const [third] = await appendAt(place, clock, account, inbox, 3, [33, 11]);
  assert.equal((await store.query(readMessage(third as EmailId)))?.thread, first);
});

test('the entries of a deleted mailbox go in slices, and its quota at once', async () => {
  await using place = await openTestStore();
  const { clock, account, store } = await begin(place);
  const { mailbox } = await store.commit(createMailbox, { account, name: 'Big', nowMs: clock.nowMs() });
  for (let i = 0; i < 3; i++) await appendAt(place, clock, account, mailbox, 400);
  await store.commit(deleteMailbox, { account, mailbox, nowMs: clock.nowMs() });
  const used = await store.query(one<{ used_messages: number }>(sql`SELECT used_messages FROM account_state WHERE account = ${account}`));
  assert.equal(used?.used_messages, 0);
  await house(place, clock);
  assert.equal(await count(place, 'entry'), 0);
  clock.advance(HOUR_MS);
  await house(place, clock);
  assert.equal(await count(place, 'message'), 0);
});

test('a segment more than half dead is compacted while it is read; ids stay, and the file goes after the grace', async () => {
  await using place = await openTestStore({ segmentBytes: 20_000 });
  const { clock, account, inbox, store } = await begin(place);
  const emails: EmailId[] = [];
  for (let i = 0; i < 40; i++) emails.push(...(await appendAt(place, clock, account, inbox, 1, [], 'x'.repeat(2_000))));
  const kept = emails.filter((_, i) => i % 4 === 0);
  const bodies = await Promise.all(kept.map(async (email) => (await store.query(readMessage(email)))?.blob as BlobId));
  const uids = emails.flatMap((_, i) => (i % 4 === 0 ? [] : [i + 1])).join(',');
  await store.commit(expunge, { account, mailbox: inbox, uids, onlyDeleted: false, nowMs: clock.nowMs() });
  const files = (): number => fs.readdirSync(segmentsDirectory(place.directory)).length;
  const before = files();

  let isDone = false;
  let reads = 0;
  const reader = (async () => {
    while (!isDone) {
      const read = await store.readBlobs(bodies.map((blob) => ({ blob, start: 0, length: 2_000 })));
      for (const bytes of read) assert.equal(bytes.length, 2_000);
      reads++;
    }
  })();
  for (let round = 0; round < 5; round++) {
    clock.advance(HOUR_MS);
    await house(place, clock, 20_000);
  }
  isDone = true;
  await reader;
  assert.ok(reads > 0);
  assert.ok(files() < before, `${files()} files are left of ${before}`);
  for (const [i, email] of kept.entries()) {
    const message = await store.query(readMessage(email));
    assert.equal(message?.blob, bodies[i]);
    const bytes = await store.readBlob(bodies[i] as BlobId, 0, message?.size ?? 0);
    assert.ok(bytes.toString().endsWith(`number ${i * 4 + 1}\r\n`), bytes.toString().slice(-30));
  }
});

test('a body that is named late saves its segment, which is then measured again', async () => {
  await using place = await openTestStore();
  const { clock, account, inbox, store } = await begin(place);
  const name = async (body: Body, text: string): Promise<void> => {
    const messages = [{ message: preparedLike(text).message, flags: 0, keywords: [], receivedAtMs: 1 }];
    await store.commit(append, { account, mailbox: inbox, nowMs: clock.nowMs(), messages }, [body]);
  };
  const streamed = async (text: string): Promise<{ readonly blob: BlobId; readonly length: number }> => {
    const stream = store.streamBody();
    await stream.write(Buffer.from(text));
    return stream.finish();
  };
  const early = await streamed(sampleText(1));
  await name(early, sampleText(1));
  const late = await streamed(sampleText(2));
  const { segment } = firstPlace(early.blob);
  assert.equal(firstPlace(late.blob).segment, segment);
  const nowMs = clock.nowMs();
  const all = { before: nowMs + 1, limit: 9, nowMs };
  await store.commit(sealSegments, { fromBytes: 1, nowMs });
  await store.commit(expunge, { account, mailbox: inbox, uids: '1', onlyDeleted: false, nowMs });
  await store.commit(destroyOrphans, all);
  await store.commit(freeBodies, all);
  assert.equal(await store.commit(markEmptied, { segment, nowMs }), true);
  await name(late, sampleText(2));
  assert.equal(await store.commit(markRemoved, { segment, nowMs }), false);
  assert.deepEqual(await store.query(one(sql`SELECT state, live FROM segment WHERE segment = ${segment}`)), { state: 'sealed', live: null });
  assert.equal((await store.readBlob(late.blob, 0, late.length)).toString(), sampleText(2));
});

test('a body that has been freed cannot be read once its file is gone', async () => {
  await using place = await openTestStore({ segmentBytes: 1_000 });
  const { clock, account, inbox, store } = await begin(place);
  const [email] = await appendAt(place, clock, account, inbox, 1, [], 'x'.repeat(2_000));
  const blob = (await store.query(readMessage(email as EmailId)))?.blob as BlobId;
  await appendAt(place, clock, account, inbox, 1);
  await store.commit(expunge, { account, mailbox: inbox, uids: '1', onlyDeleted: false, nowMs: clock.nowMs() });
  for (let round = 0; round < 5; round++) {
    clock.advance(HOUR_MS);
    await house(place, clock, 1_000);
  }
  await assert.rejects(store.readBlob(blob, 0, 10), (error) => error instanceof DomainError && error.code === 'message-expunged');
});

test('the change log tells what happened since, until it is pruned', async () => {
  await using place = await openTestStore();
  const { clock, account, inbox, store } = await begin(place);
  const [email] = await appendAt(place, clock, account, inbox, 1);
  const at = (await store.query(changesSince(account, 0 as never))).upTo;
  await appendAt(place, clock, account, inbox, 2);
  await store.commit(expunge, { account, mailbox: inbox, uids: '1:2', onlyDeleted: false, nowMs: clock.nowMs() });
  const { changes, isPruned, hasMore } = await store.query(changesSince(account, at));
  assert.deepEqual([isPruned, hasMore], [false, false]);
  assert.deepEqual(
    changes.map(({ kind, uids, emails }) => [kind, uids, emails.length]),
    [
      ['append', '2', 0],
      ['append', '3', 0],
      ['expunge', '1:2', 2],
    ],
  );
  assert.equal(changes[2]?.emails[0], email);
  const history = async (): Promise<readonly unknown[]> => [
    await store.query(expungedSince(inbox, account, at)),
    await store.query(touchedSince(inbox, account, at)),
  ];
  assert.deepEqual(await history(), [[[1, 2]], [[2, 3]]]);
  const part = await store.query(changesSince(account, at, 2));
  assert.deepEqual([part.changes.length, part.hasMore, part.upTo], [2, true, changes[1]?.modseq]);
  clock.advance(HOUR_MS);
  await keepHouse({ store, directory: place.directory, clock, logMs: HOUR_MS - 1 });
  assert.equal((await store.query(changesSince(account, at))).isPruned, true);
  assert.deepEqual(await history(), [undefined, undefined]);
});

async function begin(place: TestStore): Promise<{ clock: FakeClock; account: AccountId; inbox: MailboxId; store: TestStore['store'] }> {
  return { clock: new FakeClock(), store: place.store, ...(await makeAccount(place.store)) };
}

let lastText = 0;

async function appendAt(
  place: TestStore,
  clock: FakeClock,
  account: AccountId,
  mailbox: MailboxId,
  messages: number,
  threadHashes: readonly number[] = [77],
  filler: string = '',
): Promise<EmailId[]> {
  if (threadHashes.length === 0) lastText = (await count(place, 'message')) as number;
  const made = Array.from({ length: messages }, () => preparedLike(`${sampleText(++lastText)}${filler}number ${lastText}\r\n`, { threadHashes }));
  const nowMs = clock.nowMs();
  const added = await place.store.commit(
    append,
    { account, mailbox, nowMs, messages: made.map(({ message }) => ({ message, flags: 0, keywords: [], receivedAtMs: nowMs })) },
    made.map(({ bytes }) => ({ bytes })),
  );
  return added.map(({ email }) => email);
}

async function house(place: TestStore, clock: FakeClock, segmentBytes?: number): Promise<void> {
  await keepHouse({ store: place.store, directory: place.directory, clock, graceMs: HOUR_MS, ...(segmentBytes !== undefined && { segmentBytes }) });
}

async function count(place: TestStore, table: 'blob' | 'entry' | 'message' | 'thread_key'): Promise<number | undefined> {
  const row = await place.store.query(
    one<{ blob: number; entry: number; message: number; thread_key: number }>(
      sql`SELECT (SELECT count(*) FROM blob) AS blob, (SELECT count(*) FROM entry) AS entry, (SELECT count(*) FROM message) AS message, (SELECT count(*) FROM thread_key) AS thread_key`,
    ),
  );
  return row?.[table];
}
