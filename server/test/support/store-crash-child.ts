/**
 * Changes a store without end, in several threads of work, and writes a line for each change after it was acknowledged: the child of
 * store/crash.test.ts, which kills it. Arguments: directory, a number that makes its texts unlike those of other runs.
 */
import fs from 'node:fs';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { copyMessages, moveMessages } from '#store/copy-messages.ts';
import { append } from '#store/append.ts';
import { expunge } from '#store/expunge.ts';
import { keepHouse } from '#store/housekeeping.ts';
import { systemClock } from '#core/clock.ts';
import { findMailbox } from '#store/list-mailboxes.ts';
import { openStore } from '#store/open.ts';
import { lockDirectory } from '#store/sqlite/lock.ts';
import { startWriter } from '#store/sqlite/start-writer.ts';
import { makeAccount, mailboxId, preparedLike } from './store.ts';

const [directory = '', run = ''] = process.argv.slice(2);
const WORKERS = 4;
const lock = lockDirectory(directory);
const writer = await startWriter({ directory, file: new URL('./writer-thread.ts', import.meta.url), onFailure: fail, segmentBytes: 100_000 });
const store = await openStore({ directory, port: writer.connect(), owner: 'child', onError: fail, segmentBytes: 100_000 });

function fail(error: unknown): never {
  fs.writeSync(2, `${String(error)}\n`);
  process.exit(1);
}

function tell(line: object): void {
  fs.writeSync(1, `${JSON.stringify(line)}\n`);
}

for (let worker = 1; worker <= WORKERS; worker++) void work(worker as AccountId).catch(fail);
void house().catch(fail);

async function work(account: AccountId): Promise<void> {
  const inbox = (await store.query(findMailbox(account, 'INBOX')))?.mailbox ?? (await makeAccount(store, account)).inbox;
  const trash = await mailboxId(store, account, 'Trash');
  for (let n = 0; ; n++) {
    const name = `${run}-${account}-${n}`;
    const text = `Subject: ${name}\r\n\r\n${'x'.repeat((n * 37) % 3000)}\r\n`;
    const nowMs = Date.now();
    const { message, bytes } = preparedLike(text);
    const args = { account, mailbox: inbox, nowMs, messages: [{ message, flags: 0, keywords: [], receivedAtMs: nowMs }] };
    const body = n % 5 === 0 ? await streamed(bytes) : { bytes };
    tell({ try: name });
    const [added] = await store.commit(append, args, [body]);
    const uid = String(added?.uid);
    tell({ account, added: name });
    if (n % 3 === 0) await change(account, inbox, trash, uid, name, n);
  }
}

async function change(account: AccountId, from: MailboxId, to: MailboxId, uids: string, name: string, n: number): Promise<void> {
  const nowMs = Date.now();
  if (n % 2 === 0) {
    await store.commit(moveMessages, { account, from, to, uids, nowMs });
    tell({ account, moved: name });
  } else if (n % 9 === 0) {
    await store.commit(expunge, { account, mailbox: from, uids, onlyDeleted: false, nowMs });
    tell({ account, expunged: name });
  } else {
    await store.commit(copyMessages, { account, from, to, uids, nowMs });
    tell({ account, copied: name });
  }
}

async function streamed(bytes: Uint8Array): Promise<Awaited<ReturnType<ReturnType<typeof store.streamBody>['finish']>>> {
  const stream = store.streamBody();
  await stream.write(bytes);
  return stream.finish();
}

async function house(): Promise<void> {
  for (;;) {
    // Long enough for a body that was streamed to be named.
    await keepHouse({ store, directory, clock: systemClock, graceMs: 200, segmentBytes: 100_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

process.on('exit', () => lock[Symbol.dispose]());
