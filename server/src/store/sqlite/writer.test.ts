import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { appendTexts, mailboxWith, makeAccount, openTestStore, preparedLike, sampleText, TEST_TIME_MS } from '../../../test/support/store.ts';
import { advanceAccount } from '../account-state.ts';
import { append } from '../append.ts';
import { type BodyFiles, diskFiles } from '../blobs/files.ts';
import { checkStore } from '../check.ts';
import { createMailbox } from '../create-mailbox.ts';
import { expunge } from '../expunge.ts';
import { findMailbox } from '../list-mailboxes.ts';
import { defineMutation } from '../mutation.ts';
import { STORE_MUTATIONS } from '../mutations.ts';
import { openStore } from '../open.ts';
import { readMessage } from '../read-messages.ts';
import { run, sql } from '../sql.ts';
import type { Store } from '../store.ts';
import { updateFlags } from '../update-flags.ts';

/** Writes, hints, and then fails in the way that is asked for. */
const failHalfWay = defineMutation(
  'test.failHalfWay',
  function* (tx, { account, how }: { readonly account: AccountId; readonly how: 'domain' | 'bug' | 'constraint' }) {
    const { modseq } = yield* advanceAccount(account, { bytes: 1_000_000 });
    tx.hint(account, modseq);
    if (how === 'domain') throw new DomainError('object-limit', 'refused half-way', { account });
    if (how === 'bug') throw new TypeError('a bug half-way');
    yield* run(sql`INSERT INTO account_state (account, uidvalidity) VALUES (${account}, 1)`);
  },
);

/** Takes its time. */
const slow = defineMutation('test.slow', function* (_tx, { account, ms }: { readonly account: AccountId; readonly ms: number }) {
  yield* advanceAccount(account);
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
});

test('a mutation that fails half-way harms only itself', async () => {
  await using place = await openTestStore({ mutations: [failHalfWay] });
  const { store } = place;
  const { account, inbox } = await makeAccount(store);
  const results = await Promise.allSettled([
    appendTexts(store, account, inbox, [sampleText(1)]),
    store.commit(failHalfWay, { account, how: 'domain' }),
    store.commit(failHalfWay, { account, how: 'bug' }),
    appendTexts(store, account, inbox, [sampleText(2)]),
    store.commit(failHalfWay, { account, how: 'constraint' }),
    store.commit(createMailbox, { account, name: 'INBOX', nowMs: TEST_TIME_MS }),
    appendTexts(store, account, inbox, [sampleText(3)]),
  ]);
  assert.deepEqual(
    results.map((result) =>
      result.status === 'fulfilled' ? 'done' : result.reason instanceof DomainError ? result.reason.code : (result.reason as Error).message,
    ),
    ['done', 'object-limit', 'a bug half-way', 'done', 'UNIQUE constraint failed: account_state.account', 'mailbox-exists', 'done'],
  );
  using base = await store.openMailbox(inbox);
  assert.deepEqual([...base.uids.subarray(0, base.length)], [1, 2, 3]);
});

test('a refused mutation sends no hint, a commit sends one to everybody', async () => {
  await using place = await openTestStore({ mutations: [failHalfWay] });
  const { store } = place;
  const { account, inbox } = await makeAccount(store);
  const hints: number[] = [];
  using _ = store.onChange(account, (modseq) => hints.push(modseq));
  await assert.rejects(store.commit(failHalfWay, { account, how: 'domain' }));
  assert.deepEqual(hints, []);
  const [added] = await appendTexts(store, account, inbox, [sampleText(1)]);
  assert.deepEqual(hints, [added?.modseq]);
});

test('a mutation that the writer does not know is a bug of the caller', async () => {
  await using place = await openTestStore();
  await assert.rejects(place.store.commit(failHalfWay, { account: 1 as AccountId, how: 'bug' }), /does not know the mutation test\.failHalfWay/);
});

test('a full disk refuses new messages, keeps nothing of them, lets expunge work, and recovers by itself', async () => {
  const disk = new FailingDisk();
  const failures: unknown[] = [];
  await using place = await openTestStore({ files: disk.files, onError: (error) => failures.push(error) });
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 3);
  disk.failWrite = 'ENOSPC';
  const results = await Promise.allSettled([
    appendTexts(store, account, mailbox, [sampleText(4)]),
    store.commit(expunge, { account, mailbox, uids: '1', onlyDeleted: false, nowMs: TEST_TIME_MS }),
    appendTexts(store, account, mailbox, [sampleText(5)]),
  ]);
  assert.deepEqual(results.map(codeOf), ['disk-full', 'done', 'disk-full']);
  disk.failWrite = undefined;
  await appendTexts(store, account, mailbox, [sampleText(6)]);
  await assertTexts(place.store, mailbox, [2, 3, 6]);
  assert.equal(failures.length, 1);
});

test('after a failed sync of the journal the group is refused and the next goes to its other file', async () => {
  const disk = new FailingDisk();
  await using place = await openTestStore({ files: disk.files, onError: () => undefined });
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 2);
  disk.failSync = 'EIO';
  await assert.rejects(appendTexts(store, account, mailbox, [sampleText(3)]), (error) => error instanceof DomainError && error.code === 'store-failed');
  disk.failSync = undefined;
  await appendTexts(store, account, mailbox, [sampleText(4)]);
  await assertTexts(store, mailbox, [1, 2, 4]);
  assert.deepEqual(disk.created, ['journal/0', 'segments/00000001', 'journal/1']);
});

test('after a failed sync of a body that is too large for the journal the group is refused and the next goes to a new segment', async () => {
  const disk = new FailingDisk();
  await using place = await openTestStore({ files: disk.files, onError: () => undefined });
  const { store } = place;
  const { account, inbox } = await makeAccount(store);
  const large = (n: number): string => sampleText(n) + 'x'.repeat(20_000);
  await appendTexts(store, account, inbox, [large(1)]);
  disk.failSync = 'EIO';
  await assert.rejects(appendTexts(store, account, inbox, [large(2)]), (error) => error instanceof DomainError && error.code === 'store-failed');
  disk.failSync = undefined;
  await appendTexts(store, account, inbox, [large(3)]);
  await assertTexts(store, inbox, [large(1), large(3)]);
  assert.deepEqual(disk.created, ['journal/0', 'segments/00000001', 'segments/00000002']);
});

test('when a segment cannot be synced that holds bodies of the journal, nothing is taken any more, and opening the store brings them back', async () => {
  const disk = new FailingDisk();
  const errors: unknown[] = [];
  const place = await openTestStore({ files: disk.files, onError: (error) => errors.push(error) });
  const { account, inbox } = await makeAccount(place.store);
  await appendTexts(place.store, account, inbox, [sampleText(1)]);
  disk.failSync = 'EIO';
  await assert.rejects(appendTexts(place.store, account, inbox, ['x'.repeat(20_000)]), hasCode('store-failed'));
  disk.failSync = undefined;
  await assert.rejects(appendTexts(place.store, account, inbox, [sampleText(2)]), hasCode('store-failed'));
  assert.match(String(errors[0]), /EIO/);
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-store-'));
  fs.cpSync(place.directory, copy, { recursive: true });
  await place[Symbol.asyncDispose]();
  // What the kernel has dropped.
  fs.truncateSync(path.join(copy, 'store', 'segments', '00000001'), 0);
  const store = await openStore({ directory: copy, inline: true, mutations: STORE_MUTATIONS });
  await assertTexts(store, inbox, [1]);
  await store[Symbol.asyncDispose]();
  assert.deepEqual(await checkStore(copy), []);
  fs.rmSync(copy, { recursive: true });
});

test('below the mark of free space, what brings a body is refused and the rest works', async () => {
  const disk = new FailingDisk();
  await using place = await openTestStore({ files: disk.files, freeSpaceMarkBytes: 1000 });
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 1);
  disk.freeBytes = 999;
  await new Promise((resolve) => setTimeout(resolve, 1050));
  await assert.rejects(
    appendTexts(store, account, mailbox, [sampleText(2)]),
    (error) => error instanceof DomainError && error.code === 'disk-full' && error.temporary,
  );
  await store.commit(updateFlags, { account, mailbox, uids: '1', change: { mode: 'add', flags: 1, keywords: [] }, nowMs: TEST_TIME_MS });
  await store.commit(expunge, { account, mailbox, uids: '1', onlyDeleted: false, nowMs: TEST_TIME_MS });
});

test('an account with much work does not keep the next one waiting for all of it', async () => {
  await using place = await openTestStore({ mutations: [slow] });
  const { store } = place;
  const one = await makeAccount(store, 1);
  const two = await makeAccount(store, 2);
  const order: string[] = [];
  const work = Array.from({ length: 60 }, async () => {
    await store.commit(slow, { account: one.account, ms: 6 });
    order.push('work');
  });
  const texts = Array.from({ length: 5 }, (_, i) => appendTexts(store, one.account, one.inbox, [sampleText(i + 1)]));
  await Promise.race(work);
  await appendTexts(store, two.account, two.inbox, [sampleText(6)]);
  order.push('other');
  await Promise.all([...work, ...texts]);
  assert.ok(order.indexOf('other') < 20, `after ${order.indexOf('other')} of 60`);
  await assertTexts(store, one.inbox, [1, 2, 3, 4, 5]);
});

test('a body that is a part of a larger memory is stored by itself', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, inbox } = await makeAccount(store);
  const { message, bytes } = preparedLike(sampleText(1));
  const added = await store.commit(append, { account, mailbox: inbox, nowMs: TEST_TIME_MS, messages: [{ message, flags: 0, keywords: [], receivedAtMs: 1 }] }, [
    { bytes: Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]).subarray(6, 6 + bytes.length) },
  ]);
  const stored = await store.query(readMessage(added[0]?.email as never));
  assert.equal((await store.readBlob(stored?.blob as never, 0, bytes.length)).toString(), sampleText(1));
});

test('work that waits is done before the store closes, and none is taken afterwards', async () => {
  const place = await openTestStore();
  const { store } = place;
  const { account, inbox } = await makeAccount(store);
  const last = appendTexts(store, account, inbox, [sampleText(1)]);
  await place[Symbol.asyncDispose]();
  assert.equal((await last).length, 1);
  await assert.rejects(appendTexts(store, account, inbox, [sampleText(2)]), (error) => error instanceof DomainError && error.code === 'shutting-down');
  await assert.rejects(store.query(findMailbox(account, 'INBOX')), (error) => error instanceof DomainError && error.code === 'shutting-down');
});

async function assertTexts(store: Store, mailbox: MailboxId, expected: ReadonlyArray<number | string>): Promise<void> {
  using base = await store.openMailbox(mailbox);
  const texts: string[] = [];
  for (const email of base.emails.subarray(0, base.length)) {
    const message = await store.query(readMessage(email as never));
    assert.ok(message);
    texts.push((await store.readBlob(message.blob, 0, message.size)).toString());
  }
  assert.deepEqual(
    texts,
    expected.map((each) => (typeof each === 'string' ? each : sampleText(each))),
  );
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DomainError && error.code === code;
}

function codeOf(result: PromiseSettledResult<unknown>): string {
  if (result.status === 'fulfilled') return 'done';
  return result.reason instanceof DomainError ? result.reason.code : String(result.reason);
}

/** The real disk, until it is told to fail: the journal has its room by then, the segments have not. */
class FailingDisk {
  failWrite: string | undefined;
  failSync: string | undefined;
  freeBytes = Number.MAX_SAFE_INTEGER;
  /** Files that were made. */
  readonly created: string[] = [];
  readonly #segments = new Set<number>();

  readonly files: BodyFiles = {
    ...diskFiles,
    open: (file, flags) => {
      if (flags === 'wx+') this.created.push(file.split('/').slice(-2).join('/'));
      const descriptor = diskFiles.open(file, flags);
      if (file.includes('/segments/')) this.#segments.add(descriptor);
      else this.#segments.delete(descriptor);
      return descriptor;
    },
    write: (descriptor, buffers, position) => {
      if (this.failWrite === undefined || !this.#segments.has(descriptor)) return diskFiles.write(descriptor, buffers, position);
      // A full disk takes a part.
      diskFiles.write(descriptor, [buffers[0]?.subarray(0, 3) ?? new Uint8Array(0)], position);
      throw Object.assign(new Error(`${this.failWrite}: no space left on device, write`), { code: this.failWrite });
    },
    sync: (descriptor) => {
      if (this.failSync !== undefined) throw Object.assign(new Error(`${this.failSync}: i/o error, fdatasync`), { code: this.failSync });
      diskFiles.sync(descriptor);
    },
    space: () => ({ freeBytes: this.freeBytes, totalBytes: Number.MAX_SAFE_INTEGER }),
  };
}
