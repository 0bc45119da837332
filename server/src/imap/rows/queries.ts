/**
 * The statements that read slices of message rows for FETCH and SEARCH: one for each usual set of columns, so that a list of envelopes does not pay for
 * structures. Each aggregates its slice into one row (batch.ts); a slice is bounded by its caller. The rows come in the order of the uids: the join walks the
 * entries by their key (and the uids travel with the rest, so that a different order would still be right).
 */
import type { EmailId, MailboxId } from '#core/ids.ts';
import { type Program, rows, type Statement, sql } from '#store/sql.ts';
import { type Batch, batchOf, type Layout } from './batch.ts';

export type Columns = 'list' | 'structure' | 'listAndStructure' | 'fields' | 'body' | 'dates' | 'header' | 'search' | 'all';

const LAYOUTS: Readonly<Record<Columns, Layout>> = {
  list: { numbers: ['uid', 'receivedAt'], octets: ['envelope'] },
  structure: { numbers: ['uid', 'receivedAt'], octets: ['bodyStructure'] },
  listAndStructure: { numbers: ['uid', 'receivedAt'], octets: ['envelope', 'bodyStructure'] },
  fields: { numbers: ['uid', 'receivedAt', 'headerSize'], octets: ['prefix', 'fields'] },
  body: { numbers: ['uid', 'receivedAt', 'blob', 'size', 'headerSize'], octets: ['prefix', 'structure'] },
  dates: { numbers: ['uid', 'receivedAt', 'sentAt', 'savedAt', 'thread'], octets: [] },
  header: { numbers: ['uid', 'receivedAt', 'sentAt', 'headerSize'], octets: ['prefix', 'fields'] },
  search: { numbers: ['uid', 'receivedAt', 'sentAt', 'savedAt', 'thread', 'blob', 'size', 'headerSize'], octets: ['prefix', 'fields', 'structure'] },
  all: {
    numbers: ['uid', 'receivedAt', 'sentAt', 'savedAt', 'thread', 'blob', 'size', 'headerSize'],
    octets: ['envelope', 'bodyStructure', 'prefix', 'fields', 'structure', 'preview'],
  },
};

/** Messages of the mailbox with uids in a range. */
export function* batchOfRange(mailbox: MailboxId, first: number, last: number, columns: Columns): Program<Batch> {
  const [row] = yield* rows(statement(mailbox, first, last, columns));
  return batchOf(row, LAYOUTS[columns]);
}

function statement(mailbox: MailboxId, first: number, last: number, columns: Columns): Statement {
  switch (columns) {
    case 'list':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(length(p.envelope)), CAST(group_concat(p.envelope, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'structure':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(length(p.body_structure)), CAST(group_concat(p.body_structure, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'listAndStructure':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(length(p.envelope)), CAST(group_concat(p.envelope, '') AS BLOB),
          group_concat(length(p.body_structure)), CAST(group_concat(p.body_structure, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'fields':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(m.header_size),
          group_concat(length(m.prefix)), CAST(group_concat(m.prefix, '') AS BLOB), group_concat(length(p.fields)), CAST(group_concat(p.fields, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'body':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(m.blob), group_concat(m.size), group_concat(m.header_size),
          group_concat(length(m.prefix)), CAST(group_concat(m.prefix, '') AS BLOB), group_concat(length(p.structure)), CAST(group_concat(p.structure, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'dates':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(ifnull(m.sent_at, '')), group_concat(e.saved_at), group_concat(m.thread)
        FROM entry e CROSS JOIN message m ON m.email = e.email WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'header':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(ifnull(m.sent_at, '')), group_concat(m.header_size),
          group_concat(length(m.prefix)), CAST(group_concat(m.prefix, '') AS BLOB), group_concat(length(p.fields)), CAST(group_concat(p.fields, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'search':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(ifnull(m.sent_at, '')), group_concat(e.saved_at), group_concat(m.thread),
          group_concat(m.blob), group_concat(m.size), group_concat(m.header_size),
          group_concat(length(m.prefix)), CAST(group_concat(m.prefix, '') AS BLOB), group_concat(length(p.fields)), CAST(group_concat(p.fields, '') AS BLOB),
          group_concat(length(p.structure)), CAST(group_concat(p.structure, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
    case 'all':
      return sql`
        SELECT group_concat(e.uid), group_concat(m.received_at), group_concat(ifnull(m.sent_at, '')), group_concat(e.saved_at), group_concat(m.thread),
          group_concat(m.blob), group_concat(m.size), group_concat(m.header_size),
          group_concat(length(p.envelope)), CAST(group_concat(p.envelope, '') AS BLOB),
          group_concat(length(p.body_structure)), CAST(group_concat(p.body_structure, '') AS BLOB),
          group_concat(length(m.prefix)), CAST(group_concat(m.prefix, '') AS BLOB), group_concat(length(p.fields)), CAST(group_concat(p.fields, '') AS BLOB),
          group_concat(length(p.structure)), CAST(group_concat(p.structure, '') AS BLOB),
          group_concat(octet_length(p.preview)), CAST(group_concat(p.preview, '') AS BLOB)
        FROM entry e CROSS JOIN message m ON m.email = e.email CROSS JOIN prepared p ON p.body = m.blob
        WHERE e.mailbox = ${mailbox} AND e.uid BETWEEN ${first} AND ${last}`;
  }
}

/**
 * A message that has left its mailbox and has not been destroyed, under the uid that it had; an empty batch after its grace time. Whatever the columns, all
 * are read: this is rare. It has no save date any more.
 */
export function* batchOfGone(uid: number, email: EmailId): Program<Batch> {
  const [row] = yield* rows(sql`
    SELECT group_concat(${uid}), group_concat(m.received_at), group_concat(ifnull(m.sent_at, '')), '', group_concat(m.thread), group_concat(m.blob), group_concat(m.size),
      group_concat(m.header_size), group_concat(length(p.envelope)), CAST(group_concat(p.envelope, '') AS BLOB),
      group_concat(length(p.body_structure)), CAST(group_concat(p.body_structure, '') AS BLOB),
      group_concat(length(m.prefix)), CAST(group_concat(m.prefix, '') AS BLOB), group_concat(length(p.fields)), CAST(group_concat(p.fields, '') AS BLOB),
      group_concat(length(p.structure)), CAST(group_concat(p.structure, '') AS BLOB), group_concat(octet_length(p.preview)), CAST(group_concat(p.preview, '') AS BLOB)
    FROM message m CROSS JOIN prepared p ON p.body = m.blob WHERE m.email = ${email}`);
  return batchOf(row, LAYOUTS.all);
}
