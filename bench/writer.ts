/**
 * What a delivery costs the writer, by itself and in one thread: pages of the write-ahead log and microseconds (of the clock and of the processor) for the rows, the
 * journal with its sync, the commit. Groups of the given size for 60 accounts, as W1 makes them.
 *
 *     node bench/writer.ts [--groups 16] [--messages 8000] [--no-journal]      without the journal the bodies are left out, and each commit is synced
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { AccountId, BlobId } from '../server/src/core/ids.ts';
import { accept } from '../server/src/delivery/accept.ts';
import { prepareMessage } from '../server/src/message/prepare.ts';
import { createAccountMail } from '../server/src/store/account-mail.ts';
import { Journal } from '../server/src/store/journal/journal.ts';
import type { JournalBody } from '../server/src/store/journal/record.ts';
import { diskFiles } from '../server/src/store/blobs/files.ts';
import { openForWriting } from '../server/src/store/open.ts';
import { GroupTx } from '../server/src/store/sqlite/group.ts';
import { detailsText } from '../server/src/trail/record.ts';
import { Corpus } from './lib/corpus.mjs';

const { values } = parseArgs({ options: { groups: { type: 'string', default: '16' }, messages: { type: 'string', default: '8000' }, 'no-journal': { type: 'boolean' } } });
const perGroup = Number(values.groups);
const messages = Number(values.messages);
const BOXES = 60;

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-bench-'));
const connection = openForWriting(directory);
connection.pragma('wal_autocheckpoint = 0');
const journal = values['no-journal'] === true ? undefined : new Journal({ directory, files: diskFiles, applied: 0, onFatal: (error) => console.error(error) });
if (journal) connection.syncNoMore();
const nowMs = Date.now();
connection.execute('BEGIN IMMEDIATE');
for (let account = 1; account <= BOXES; account++) connection.drive(createAccountMail.program(new GroupTx([]), { account: account as AccountId, nowMs } as never));
connection.execute('COMMIT');

const corpus = new Corpus();
const details = detailsText({
  protocol: 'ESMTPS', peer: '192.0.2.7', helo: 'client.example', host: 'client.example', size: 4200, tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
  checks: { spf: { result: 'pass', domain: 'outside.example' }, dkim: [{ result: 'pass', domain: 'outside.example', selector: 's' }], dmarc: { result: 'pass', domain: 'outside.example', policy: 'reject' } },
});
let blob = 2 ** 28;
let taken = 0;

/** Runs so many messages; the first call warms up. */
function run(count: number): void {
  const bodies = Array.from({ length: count }, () => corpus.message(taken % 5000, { size: 4096, salt: (taken++).toString(36) }));
  const prepared = bodies.map((body) => prepareMessage(body));
  connection.pragma('wal_checkpoint(TRUNCATE)');
  let rowsMs = 0;
  let journalMs = 0;
  let commitMs = 0;
  const cpu = process.threadCpuUsage();
  for (let from = 0; from < count; from += perGroup) {
    const begun = performance.now();
    connection.execute('BEGIN IMMEDIATE');
    connection.forget();
    const own: JournalBody[] = [];
    for (let n = from; n < Math.min(count, from + perGroup); n++) {
      const message = prepared[n];
      if (message === undefined) break;
      own.push({ blob: blob as BlobId, bytes: bodies[n] as Uint8Array });
      const account = ((n % BOXES) + 1) as AccountId;
      const tx = new GroupTx([{ blob: blob as BlobId, length: message.sizeBytes }]);
      blob += message.sizeBytes;
      connection.drive(accept.program(tx, {
        account, message, local: [{ account, address: `u${account}@perf.test` }], isEachTold: false, outgoing: [], notice: undefined, nowMs,
        origin: { id: `${n.toString(36)}ABCDEFGH`, sender: 'sender@example.com', messageId: `<${taken}.${n}@example.com>`, details, submitter: undefined },
      }));
    }
    const written = performance.now();
    journal?.append(own, connection.recorded);
    const safe = performance.now();
    connection.execute('COMMIT');
    journal?.confirm();
    rowsMs += written - begun;
    journalMs += safe - written;
    commitMs += performance.now() - safe;
  }
  const { user, system } = process.threadCpuUsage(cpu);
  const [{ log = 0 } = {}] = connection.pragma('wal_checkpoint(NOOP)') as { log: number }[];
  const each = (ms: number): string => ((ms * 1000) / count).toFixed(1).padStart(7);
  process.stdout.write(
    `${(log / count).toFixed(2)} pages   rows ${each(rowsMs)} us   journal ${each(journalMs)} us   commit ${each(commitMs)} us   processor: user ${each(user / 1000)}, system ${each(system / 1000)} us a message\n`,
  );
}

for (let turn = 0; turn < 4; turn++) run(messages);
connection[Symbol.dispose]();
fs.rmSync(directory, { recursive: true, force: true });
