import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAccount, openTestStore, preparedLike, sampleText, TEST_TIME_MS, type TestStore } from '../../../test/support/store.ts';
import { append } from '../append.ts';
import { STORE_MUTATIONS } from '../mutations.ts';
import type { Body } from '../mutation.ts';
import { openStore } from '../open.ts';
import { readMessage } from '../read-messages.ts';
import type { Store } from '../store.ts';

test('an empty body has a place of its own, also across a restart', async () => {
  await using place = await openTestStore();
  const { account, inbox } = await makeAccount(place.store);
  const file = async (store: Store, texts: readonly string[], bodies?: readonly Body[]): Promise<void> => {
    const made = texts.map((text) => preparedLike(text));
    await store.commit(
      append,
      { account, mailbox: inbox, nowMs: TEST_TIME_MS, messages: made.map(({ message }) => ({ message, flags: 0, keywords: [], receivedAtMs: 1 })) },
      bodies ?? made.map(({ bytes }) => ({ bytes })),
    );
  };
  const streamed = async (store: Store, text: string): Promise<Body> => {
    const stream = store.streamBody();
    if (text !== '') await stream.write(Buffer.from(text));
    return stream.finish();
  };
  await file(place.store, ['', sampleText(1), '']);
  await file(place.store, [''], [await streamed(place.store, '')]);
  const store = await reopen(place);
  await file(store, [sampleText(2), '']);
  await file(store, [sampleText(3)], [await streamed(store, sampleText(3))]);

  using base = await store.openMailbox(inbox);
  const blobs = new Set<number>();
  const texts: string[] = [];
  for (const email of base.emails.subarray(0, base.length)) {
    const message = await store.query(readMessage(email as never));
    assert.ok(message);
    blobs.add(message.blob);
    texts.push((await store.readBlob(message.blob, 0, message.size)).toString());
  }
  await store[Symbol.asyncDispose]();
  assert.deepEqual(texts, ['', sampleText(1), '', '', sampleText(2), '', sampleText(3)]);
  assert.equal(blobs.size, texts.length);
});

/** As after a restart; the test store is closed already when it is checked at its end. */
async function reopen(place: TestStore): Promise<Store> {
  await place.store[Symbol.asyncDispose]();
  return openStore({ directory: place.directory, inline: true, mutations: STORE_MUTATIONS });
}
