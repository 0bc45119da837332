import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { appendTexts, mailboxWith, makeAccount, sampleText } from '../../../test/support/store.ts';
import { checkStore } from '../check.ts';
import { openStore } from '../open.ts';
import type { Store } from '../store.ts';
import { startWriter, type WriterThread } from './start-writer.ts';

test('several threads commit through one writer, and each hears of all changes', { timeout: 60_000 }, async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-threads-'));
  {
    await using writer = await start(directory);
    await using one = await open(directory, writer, 'one');
    await using two = await open(directory, writer, 'two');
    const { account, mailbox } = await mailboxWith(one, 2);
    using base = await two.openMailbox(mailbox);
    const heard = Promise.withResolvers<number>();
    using _ = base.onChange(() => heard.resolve(base.length));
    await appendTexts(one, account, mailbox, [sampleText(3)]);
    assert.equal(await heard.promise, 3);

    await Promise.all(
      Array.from({ length: 40 }, async (_unused, i) => {
        const store = i % 2 === 0 ? one : two;
        const made = await makeAccount(store, 10 + i);
        for (let n = 0; n < 10; n++) await appendTexts(store, made.account, made.inbox, [sampleText(n)]);
      }),
    );
  }
  assert.ok(!fs.existsSync(path.join(directory, 'store', 'metadata.sqlite-wal')), 'the log was tidied away');
  assert.deepEqual(await checkStore(directory), []);
  fs.rmSync(directory, { recursive: true });
});

test('when the writer has gone, callers are told that the outcome is unknown', { timeout: 60_000 }, async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-threads-'));
  const writer = await start(directory);
  const store = await open(directory, writer, 'one');
  await writer[Symbol.asyncDispose]();
  await assert.rejects(makeAccount(store, 1 as AccountId), (error) => error instanceof DomainError && error.temporary);
  await store[Symbol.asyncDispose]();
  fs.rmSync(directory, { recursive: true });
});

test('a store that cannot be opened says why', { timeout: 60_000 }, async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-threads-'));
  fs.writeFileSync(path.join(directory, 'store'), 'not a directory');
  await assert.rejects(start(directory), /EEXIST|ENOTDIR|not a directory/);
  fs.rmSync(directory, { recursive: true });
});

function start(directory: string): Promise<WriterThread> {
  const file = new URL('../../../test/support/writer-thread.ts', import.meta.url);
  return startWriter({ directory, file, onFailure: (message) => assert.fail(message) });
}

function open(directory: string, writer: WriterThread, owner: string): Promise<Store> {
  return openStore({ directory, port: writer.connect(), owner, onError: (error) => assert.fail(String(error)) });
}
