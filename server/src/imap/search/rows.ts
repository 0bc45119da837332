/** The columns of message rows that a SEARCH needs, read in slices. Rows are arrays; what the narrower statements leave out is 0 or null. */
import type { EmailId, MailboxId } from '#core/ids.ts';
import { type Program, rows, sql } from '#store/sql.ts';

export type SearchRow = readonly [
  uid: number,
  receivedAtMs: number,
  sentAtMs: number | null,
  thread: number,
  savedAtMs: number | null,
  headerSize: number,
  prefix: Uint8Array | null,
  fields: Uint8Array | null,
  blob: number,
  size: number,
  structure: Uint8Array | null,
];

/** How much of a row is wanted: dates and thread; listing fields too; everything. */
export type SearchColumns = 'dates' | 'fields' | 'all';

/** Rows of the messages that are in the mailbox, `ranges` of uids (first, last, first, last...), ascending. */
export function* searchRows(mailbox: MailboxId, ranges: readonly number[], columns: SearchColumns): Program<readonly SearchRow[]> {
  const found: SearchRow[] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const slice = yield* rangeRows(mailbox, ranges[i] ?? 0, ranges[i + 1] ?? 0, columns);
    if (ranges.length === 2) return slice;
    for (const row of slice) found.push(row);
  }
  return found;
}

function rangeRows(mailbox: MailboxId, first: number, last: number, columns: SearchColumns): Program<readonly SearchRow[]> {
  switch (columns) {
    case 'dates':
      return rows(sql`
        SELECT e.uid, m.received_at, m.sent_at, m.thread, e.saved_at, 0, NULL, NULL, 0, 0, NULL
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
    case 'fields':
      return rows(sql`
        SELECT e.uid, m.received_at, m.sent_at, m.thread, e.saved_at, m.header_size, m.prefix, m.fields, 0, 0, NULL
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
    case 'all':
      return rows(sql`
        SELECT e.uid, m.received_at, m.sent_at, m.thread, e.saved_at, m.header_size, m.prefix, m.fields, m.blob, m.size, m.structure
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
  }
}

/** All columns of a message that has left the mailbox; undefined when it has been destroyed. */
export function* searchRowOfGone(uid: number, email: EmailId): Program<SearchRow | undefined> {
  const [row] = yield* rows<SearchRow>(
    sql`SELECT ${uid}, received_at, sent_at, thread, NULL, header_size, prefix, fields, blob, size, structure FROM message WHERE email = ${email}`,
  );
  return row;
}
