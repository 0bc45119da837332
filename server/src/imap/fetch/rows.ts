/**
 * The columns of message rows that a FETCH needs, read in slices. One statement for each usual set of items, so that a list of envelopes does not pay for
 * structures. Rows are arrays; a `Columns` says what stands where.
 */
import type { EmailId, MailboxId } from '#core/ids.ts';
import { type Program, rows, type SqlValue, sql } from '#store/sql.ts';

export type MessageRow = readonly SqlValue[];

/** Places in a row; -1 for what was not read. Place 0 is the uid, 1 the arrival in milliseconds. */
export interface Columns {
  readonly name: 'list' | 'structure' | 'listAndStructure' | 'fields' | 'body' | 'full';
  readonly envelope: number;
  readonly bodyStructure: number;
  readonly fields: number;
  readonly prefix: number;
  readonly headerSize: number;
  readonly blob: number;
  readonly size: number;
  readonly structure: number;
  readonly thread: number;
  readonly savedAt: number;
  readonly preview: number;
}

const NONE = {
  envelope: -1,
  bodyStructure: -1,
  fields: -1,
  prefix: -1,
  headerSize: -1,
  blob: -1,
  size: -1,
  structure: -1,
  thread: -1,
  savedAt: -1,
  preview: -1,
};
const LIST: Columns = { ...NONE, name: 'list', envelope: 2 };
const STRUCTURE: Columns = { ...NONE, name: 'structure', bodyStructure: 2 };
const LIST_AND_STRUCTURE: Columns = { ...NONE, name: 'listAndStructure', envelope: 2, bodyStructure: 3 };
const FIELDS: Columns = { ...NONE, name: 'fields', blob: 2, size: 3, headerSize: 4, prefix: 5, fields: 6 };
const BODY: Columns = { ...NONE, name: 'body', blob: 2, size: 3, headerSize: 4, prefix: 5, structure: 6 };
const FULL: Columns = {
  name: 'full',
  thread: 2,
  blob: 3,
  size: 4,
  headerSize: 5,
  envelope: 6,
  bodyStructure: 7,
  prefix: 8,
  fields: 9,
  structure: 10,
  preview: 11,
  savedAt: 12,
};

export interface RowNeeds {
  readonly envelope: boolean;
  readonly bodyStructure: boolean;
  /** Header fields that the row holds. */
  readonly fields: boolean;
  /** Octets of the message. */
  readonly body: boolean;
  /** Thread, save date, preview. */
  readonly rest: boolean;
}

/** The narrowest set that has what is needed. */
export function columnsFor(needs: RowNeeds): Columns {
  const { envelope, bodyStructure, fields, body, rest } = needs;
  const isList = envelope || bodyStructure;
  if (rest || (isList && (fields || body)) || (fields && body)) return FULL;
  if (body) return BODY;
  if (fields) return FIELDS;
  if (bodyStructure) return envelope ? LIST_AND_STRUCTURE : STRUCTURE;
  return LIST;
}

/** Rows of the messages that are in the mailbox, `ranges` of uids (first, last, first, last...), ascending. */
export function* rowsOfUids(mailbox: MailboxId, ranges: readonly number[], columns: Columns): Program<readonly MessageRow[]> {
  if (ranges.length === 2) return yield* rowsOfRange(mailbox, ranges[0] ?? 0, ranges[1] ?? 0, columns);
  const found: MessageRow[] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    for (const row of yield* rowsOfRange(mailbox, ranges[i] ?? 0, ranges[i + 1] ?? 0, columns)) found.push(row);
  }
  return found;
}

function rowsOfRange(mailbox: MailboxId, first: number, last: number, columns: Columns): Program<readonly MessageRow[]> {
  switch (columns.name) {
    case 'list':
      return rows(sql`
        SELECT e.uid, m.received_at, m.envelope
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
    case 'structure':
      return rows(sql`
        SELECT e.uid, m.received_at, m.body_structure
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
    case 'listAndStructure':
      return rows(sql`
        SELECT e.uid, m.received_at, m.envelope, m.body_structure
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
    case 'fields':
      return rows(sql`
        SELECT e.uid, m.received_at, m.blob, m.size, m.header_size, m.prefix, m.fields
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
    case 'body':
      return rows(sql`
        SELECT e.uid, m.received_at, m.blob, m.size, m.header_size, m.prefix, m.structure
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
    case 'full':
      return rows(sql`
        SELECT e.uid, m.received_at, m.thread, m.blob, m.size, m.header_size, m.envelope, m.body_structure, m.prefix, m.fields, m.structure, m.preview, e.saved_at
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last} ORDER BY e.uid`);
  }
}

/**
 * The row of a message that has left the mailbox and has not been destroyed; undefined after its grace time. Place 0 is the given uid. Whatever the columns, all
 * are read: this is rare.
 */
export function* rowOfGone(uid: number, email: EmailId): Program<MessageRow | undefined> {
  const [row] = yield* rows(sql`
    SELECT ${uid}, received_at, thread, blob, size, header_size, envelope, body_structure, prefix, fields, structure, preview, NULL FROM message WHERE email = ${email}`);
  return row;
}

/** A full row cut down to other columns. */
export function narrow(row: MessageRow, columns: Columns): MessageRow {
  const cut: SqlValue[] = [row[0] ?? 0, row[1] ?? 0];
  for (const key of Object.keys(NONE) as (keyof typeof NONE)[]) {
    const place = columns[key];
    if (place >= 0) cut[place] = row[FULL[key]] ?? null;
  }
  return cut;
}
