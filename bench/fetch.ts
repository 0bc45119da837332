/**
 * What FETCH costs without a network and a database: lines a second from the mailbox table, and header fields cut out of rows.
 *
 *     node bench/fetch.ts [messages]
 */
import { FieldFilter } from '../server/src/imap/fetch/header-fields.ts';
import { FlagLists } from '../server/src/imap/fetch/flag-lists.ts';
import { noItems } from '../server/src/imap/fetch/request.ts';
import { Output } from '../server/src/imap/fetch/output.ts';
import { beginLine, endLine } from '../server/src/imap/fetch/table-lines.ts';
import { EMPTY_BATCH, Octets } from '../server/src/imap/rows/batch.ts';

const COUNT = Number(process.argv[2] ?? 100_000);
const RUNS = 15;
let bytes = 0;
const writer = { write: (chunk: Uint8Array | string): void => void (bytes += chunk.length), flush: () => Promise.resolve(), pendingBytes: 0 };

function measure(name: string, run: (output: Output) => void): void {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    bytes = 0;
    const output = new Output(writer);
    const start = performance.now();
    run(output);
    output.handOver();
    bestMs = Math.min(bestMs, performance.now() - start);
  }
  process.stdout.write(`${JSON.stringify({ name, perSecond: Math.round((COUNT / bestMs) * 1000), nsEach: Math.round((bestMs / COUNT) * 1e6), bytes })}\n`);
}

const lists = new FlagLists([]);
const items = { ...noItems(), uid: true, flags: true };
measure('UID FLAGS', (output) => {
  const message = { sequence: 0, uid: 0, email: 0, flags: 0, modseq: 0, size: 0, isRecent: false };
  for (let i = 1; i <= COUNT; i++) {
    message.sequence = i;
    message.uid = i + 1000;
    message.flags = i % 7;
    beginLine(output, items, lists, message);
    endLine(output);
  }
});

const names = ['Return-Path', 'Date', 'From', 'To', 'Cc', 'Subject', 'Message-ID', 'In-Reply-To', 'References', 'MIME-Version', 'Content-Type'];
const one = Buffer.from(names.map((name) => `${name}: ${'some usual value of a field, of forty-eight octets'}\r\n`).join(''));
const rows = 256;
const octets = Buffer.concat(Array.from({ length: rows }, () => one));
const starts = Uint32Array.from({ length: rows + 1 }, (_, i) => i * one.length);
const prefix = new Octets(Buffer.alloc(0), new Uint32Array(rows + 1));
const filter = new FieldFilter(['From', 'To', 'Subject', 'Date', 'Message-ID'], false);
measure('HEADER.FIELDS', (output) => {
  for (let i = 0; i < COUNT; i += rows) {
    const batch = { ...EMPTY_BATCH, count: rows, fields: new Octets(octets, starts), prefix };
    for (let row = 0; row < rows && i + row < COUNT; row++) filter.write(output, batch, row, undefined);
  }
});
