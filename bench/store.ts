/**
 * Measures the store by itself, with the writer in its own thread, as in a server: medians of some runs.
 *
 *   node bench/store.ts [messages] [directory]
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AccountId, MailboxId } from '../server/src/core/ids.ts';
import type { PreparedMessage } from '../server/src/message/prepared.ts';
import { createAccountMail } from '../server/src/store/account-mail.ts';
import { append } from '../server/src/store/append.ts';
import { createMailbox } from '../server/src/store/create-mailbox.ts';
import { envelopesByUid } from '../server/src/store/read-messages.ts';
import { bit, DELETED, SEEN } from '../server/src/store/flags.ts';
import { openStore } from '../server/src/store/open.ts';
import { allUids, copyInSlices, expungeInSlices, moveInSlices, updateFlagsInSlices } from '../server/src/store/slices.ts';
import { startWriter } from '../server/src/store/sqlite/start-writer.ts';

const COUNT = Number(process.argv[2] ?? 10_000);
const directory = process.argv[3] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'capri-bench-'));
const account = 1 as AccountId;
let nowMs = Date.now();

await using writer = await startWriter({ directory, file: new URL('../server/test/support/writer-thread.ts', import.meta.url), onFailure: (message) => console.error(message) });
await using store = await openStore({ directory, port: writer.connect(), owner: 'bench', onError: (error) => console.error(error) });

const text = Buffer.alloc(4096, 'x');
const message: PreparedMessage = {
  sizeBytes: text.length,
  headerBytes: 700,
  envelope: Buffer.from('("Mon, 23 Nov 2026 12:00:00 +0000" "A subject of some length, as they are" (("Jan Kowalski" NIL "jan.kowalski" "example.org")) (("Jan Kowalski" NIL "jan.kowalski" "example.org")) (("Jan Kowalski" NIL "jan.kowalski" "example.org")) ((NIL NIL "anna" "example.com")) NIL NIL NIL "<0123456789abcdef@example.org>")'),
  bodyStructure: Buffer.from('("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 3396 60 NIL NIL NIL NIL)'),
  structure: Buffer.alloc(60, 's'),
  fields: Buffer.alloc(600, 'f'),
  preview: 'p'.repeat(200),
  subjectKey: 'a subject of some length, as they are',
  sentAtMs: nowMs,
  hasAttachment: false,
  threadHashes: [],
};
let hash = 1;
const one = (): PreparedMessage => ({ ...message, threadHashes: [hash++] });

const inboxes: MailboxId[] = [];
const accounts: AccountId[] = [];
for (let n = 1; n <= 100; n++) {
  accounts.push(n as AccountId);
  inboxes.push(await store.commit(createAccountMail, { account: n as AccountId, nowMs }));
}
const deliver = (n: number): Promise<unknown> =>
  store.commit(append, { account: accounts[n % 60]!, mailbox: inboxes[n % 60]!, nowMs: nowMs++, messages: [{ message: one(), flags: 0, keywords: [], receivedAtMs: nowMs }] }, [{ bytes: text }]);

console.log(`${COUNT} messages in ${directory}`);
await deliveries('delivery, one at a time', 1, 1500);
await deliveries('delivery, 32 in flight', 32, 12_000);
await deliveries('delivery, 256 in flight', 256, 12_000);

async function deliveries(name: string, inFlight: number, count: number): Promise<void> {
  let sent = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (sent < count) await deliver(sent++);
    }),
  );
  const ms = performance.now() - start;
  print(name, ms, count);
}

const work = (await store.commit(createMailbox, { account, name: 'Work', nowMs })).mailbox;
const other = (await store.commit(createMailbox, { account, name: 'Other', nowMs })).mailbox;
for (let done = 0; done < COUNT; done += 500)
  await store.commit(
    append,
    { account, mailbox: work, nowMs, messages: Array.from({ length: 500 }, () => ({ message: one(), flags: 0, keywords: [], receivedAtMs: nowMs })) },
    Array.from({ length: 500 }, () => ({ bytes: text })),
  );

await measure('open mailbox, cold', 1, COUNT, async () => (await store.openMailbox(work))[Symbol.dispose]());
await measure('open mailbox, warm', 50, 1, async () => (await store.openMailbox(work))[Symbol.dispose]());
using base = await store.openMailbox(work);
using target = await store.openMailbox(other);
await measure('envelopes by uid', 5, COUNT, async () => {
  for (let first = 1; first <= base.uidNext; first += 500) await store.query(envelopesByUid(work, first, first + 499));
});
let mode: 'add' | 'remove' = 'remove';
await measure('flags of all', 7, COUNT, async () => {
  mode = mode === 'add' ? 'remove' : 'add';
  await updateFlagsInSlices(store, { account, mailbox: work, uids: allUids(base), change: { mode, flags: bit(SEEN), keywords: [] }, nowMs });
  base.refresh();
});
await measure('copy all', 3, COUNT, async () => {
  await copyInSlices(store, { account, from: work, to: other, uids: allUids(base), nowMs });
});
await measure('expunge all copies', 1, COUNT * 3, async () => {
  target.refresh();
  await expungeInSlices(store, { account, mailbox: other, uids: allUids(target), onlyDeleted: false, nowMs });
});
let from = work;
await measure('move all', 4, COUNT, async () => {
  const to = from === work ? other : work;
  const table = from === work ? base : target;
  table.refresh();
  await moveInSlices(store, { account, from, to, uids: allUids(table), nowMs });
  from = to;
});
base.refresh();
await measure('mark deleted and expunge all', 1, COUNT, async () => {
  await updateFlagsInSlices(store, { account, mailbox: work, uids: allUids(base), change: { mode: 'add', flags: bit(DELETED), keywords: [] }, nowMs });
  await expungeInSlices(store, { account, mailbox: work, uids: allUids(base), onlyDeleted: true, nowMs });
});
if (process.argv[3] === undefined) process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));

async function measure(name: string, runs: number, count: number, work_: () => Promise<void>): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work_();
    times.push(performance.now() - start);
  }
  print(name, times.toSorted((a, b) => a - b)[times.length >> 1]!, count);
}

function print(name: string, ms: number, count: number): void {
  console.log(`${name.padEnd(30)} ${ms.toFixed(2).padStart(9)} ms ${Math.round((count / ms) * 1000).toLocaleString('en').padStart(12)} /s`);
}
