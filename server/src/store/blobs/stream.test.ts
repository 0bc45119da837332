import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import type { BlobId } from '#core/ids.ts';
import { makeAccount, openTestStore, preparedLike, sampleText, TEST_TIME_MS, type TestStore } from '../../../test/support/store.ts';
import { append } from '../append.ts';
import { STORE_MUTATIONS } from '../mutations.ts';
import { openStore } from '../open.ts';
import type { StoredBody } from '../mutation.ts';
import { readMessage } from '../read-messages.ts';
import type { Store } from '../store.ts';
import { firstPlace, segmentFile, segmentsDirectory } from './layout.ts';

test('a large body is streamed, named in a commit, and read back whole and in parts', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const text = bigText(3 * 2 ** 20 + 17);
  const body = await streamed(store, text);
  const blob = await file(place, store, text, body);
  assert.equal(blob, body.blob);
  assert.equal((await store.readBlob(blob, 0, text.length)).toString(), text);
  const ranges = [
    { blob, start: text.length - 5, length: 5 },
    { blob, start: 10, length: 20 },
    { blob, start: 15, length: 0 },
    { blob, start: 0, length: 100_000 },
  ];
  assert.deepEqual(
    (await store.readBlobs(ranges)).map((bytes) => bytes.toString()),
    ranges.map(({ start, length }) => text.slice(start, start + length)),
  );
});

test('several bodies at once go to segments of their own, which are used again', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const texts = [bigText(700_000), bigText(300_001), bigText(5)];
  const bodies = await Promise.all(texts.map((text) => streamed(store, text)));
  assert.equal(new Set(bodies.map(({ blob }) => firstPlace(blob).segment)).size, 3);
  const again = await streamed(store, 'later');
  assert.ok(bodies.some(({ blob }) => firstPlace(blob).segment === firstPlace(again.blob).segment));
  assert.equal(new Set([...bodies, again].map(({ blob }) => blob)).size, 4);
});

test('an aborted body gives its space back', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const kept = await streamed(store, 'kept');
  const { segment, offset } = firstPlace(kept.blob);
  const stream = store.streamBody();
  await stream.write(Buffer.alloc(600_000));
  await stream.abort();
  await stream.abort();
  assert.equal(fs.statSync(segmentFile(place.directory, segment)).size, offset + 4);
  await assert.rejects(stream.write(Buffer.alloc(1)), /has ended/);
});

test('after a failed sync the body is refused and the next one goes to a new segment', async (t) => {
  await using place = await openTestStore();
  const { store } = place;
  const kept = await streamed(store, 'kept');
  const handle = await fs.promises.open(segmentFile(place.directory, firstPlace(kept.blob).segment));
  const failing = t.mock.method(Object.getPrototypeOf(handle) as typeof handle, 'datasync', () => Promise.reject(new Error('EIO: i/o error, fdatasync')));
  await handle.close();
  await assert.rejects(streamed(store, 'lost'), (error) => error instanceof DomainError && error.code === 'store-failed');
  failing.mock.restore();
  const next = await streamed(store, 'next');
  assert.notEqual(firstPlace(next.blob).segment, firstPlace(kept.blob).segment);
  assert.equal((await store.readBlob(next.blob, 0, 4)).toString(), 'next');
});

test('a body that was streamed and never named is gone after a restart, and its place is not taken for another', async () => {
  await using place = await openTestStore();
  let { store } = place;
  const text = bigText(100_000);
  const named = await streamed(store, text);
  await file(place, store, text, named);
  await streamed(store, bigText(200_000));
  await store[Symbol.asyncDispose]();
  store = await openStore({ directory: place.directory, inline: true, mutations: STORE_MUTATIONS });
  const { segment } = firstPlace(named.blob);
  assert.equal(fs.statSync(segmentFile(place.directory, segment)).size, named.length);
  const next = await streamed(store, 'next');
  assert.equal(firstPlace(next.blob).segment, segment);
  assert.equal((await store.readBlob(named.blob, 0, named.length)).toString(), text);
  await store[Symbol.asyncDispose]();
  assert.equal(fs.readdirSync(segmentsDirectory(place.directory)).length, 1);
});

test('an empty body has a place of its own', async () => {
  await using place = await openTestStore();
  const first = await streamed(place.store, '');
  const second = await streamed(place.store, '');
  assert.notEqual(first.blob, second.blob);
  assert.equal((await place.store.readBlob(first.blob, 0, 0)).length, 0);
});

test('many small bodies next to each other are read in the order that was asked for', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, inbox } = await makeAccount(store);
  const made = Array.from({ length: 300 }, (_, i) => preparedLike(sampleText(i)));
  const added = await store.commit(
    append,
    { account, mailbox: inbox, nowMs: TEST_TIME_MS, messages: made.map(({ message }) => ({ message, flags: 0, keywords: [], receivedAtMs: 1 })) },
    made.map(({ bytes }) => ({ bytes })),
  );
  const order = added.map((_, i) => (i * 7) % 300);
  const ranges = [];
  for (const i of order) {
    const message = await store.query(readMessage(added[i]?.email as never));
    ranges.push({ blob: message?.blob as BlobId, start: 0, length: message?.size as number });
  }
  const read = await store.readBlobs(ranges);
  assert.deepEqual(
    read.map((bytes) => bytes.toString()),
    order.map(sampleText),
  );
});

async function streamed(store: Store, text: string): Promise<StoredBody> {
  const stream = store.streamBody();
  const chunk = Buffer.allocUnsafe(65_536);
  for (let at = 0; at < text.length; at += chunk.length) {
    // The same memory again and again, as a reader has it.
    const length = chunk.write(text.slice(at, at + chunk.length), 'latin1');
    await stream.write(chunk.subarray(0, length));
  }
  return stream.finish();
}

async function file(_place: TestStore, store: Store, text: string, body: StoredBody): Promise<BlobId> {
  const { account, inbox } = await makeAccount(store);
  const { message } = preparedLike(text);
  const [added] = await store.commit(
    append,
    { account, mailbox: inbox, nowMs: TEST_TIME_MS, messages: [{ message, flags: 0, keywords: [], receivedAtMs: TEST_TIME_MS }] },
    [body],
  );
  const stored = await store.query(readMessage(added?.email as never));
  return stored?.blob as BlobId;
}

function bigText(length: number): string {
  return Array.from({ length: Math.ceil(length / 10) }, (_, i) => String(i).padStart(10, '.'))
    .join('')
    .slice(0, length);
}
