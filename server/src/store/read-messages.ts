/** Stored parts of messages for FETCH, TOP, JMAP: by uid within a mailbox, in slices, rows as arrays. */
import type { BlobId, EmailId, MailboxId, ThreadId } from '#core/ids.ts';
import { one, type Program, rows, sql } from './sql.ts';

/** uid, envelope. */
export function envelopesByUid(mailbox: MailboxId, first: number, last: number): Program<readonly (readonly [uid: number, envelope: Uint8Array])[]> {
  return rows(
    sql`SELECT entry.uid, prepared.envelope FROM entry CROSS JOIN message ON message.email = entry.email CROSS JOIN prepared ON prepared.body = message.blob
        WHERE entry.mailbox = ${mailbox} AND entry.uid BETWEEN ${first} AND ${last} ORDER BY entry.uid`,
  );
}

/** Everything about a message but its body. Also for one whose entry is gone, as long as its grace lasts. */
export interface StoredMessage {
  readonly email: EmailId;
  readonly thread: ThreadId;
  readonly blob: BlobId;
  /** prefix + body. */
  readonly size: number;
  readonly receivedAtMs: number;
  readonly sentAtMs: number | undefined;
  readonly headerBytes: number;
  readonly hasAttachment: boolean;
  readonly envelope: Uint8Array;
  readonly bodyStructure: Uint8Array;
  readonly prefix: Uint8Array;
  readonly fields: Uint8Array;
  readonly structure: Uint8Array;
  readonly subjectKey: string;
  readonly preview: string;
}

interface MessageRow {
  readonly email: number;
  readonly thread: number;
  readonly blob: number;
  readonly size: number;
  readonly received_at: number;
  readonly sent_at: number | null;
  readonly header_size: number;
  readonly has_attachment: number;
  readonly envelope: Uint8Array;
  readonly body_structure: Uint8Array;
  readonly prefix: Uint8Array;
  readonly fields: Uint8Array;
  readonly structure: Uint8Array;
  readonly subject_key: string;
  readonly preview: string;
}

/** A message by its id; undefined when it has been destroyed. */
export function* readMessage(email: EmailId): Program<StoredMessage | undefined> {
  const row = yield* one<MessageRow>(
    sql`SELECT email, thread, blob, size, received_at, sent_at, header_size, has_attachment, envelope, body_structure, prefix, fields, structure, subject_key, preview
        FROM message JOIN prepared ON prepared.body = message.blob WHERE email = ${email}`,
  );
  return row && messageOf(row);
}

/** Messages by their ids, in that order; undefined for those that have been destroyed. */
export function* readMessages(emails: readonly EmailId[]): Program<readonly (StoredMessage | undefined)[]> {
  const found: (StoredMessage | undefined)[] = [];
  for (const email of emails) found.push(yield* readMessage(email));
  return found;
}

function messageOf(row: MessageRow): StoredMessage {
  return {
    email: row.email as EmailId,
    thread: row.thread as ThreadId,
    blob: row.blob as BlobId,
    size: row.size,
    receivedAtMs: row.received_at,
    sentAtMs: row.sent_at ?? undefined,
    headerBytes: row.header_size,
    hasAttachment: row.has_attachment === 1,
    envelope: row.envelope,
    bodyStructure: row.body_structure,
    prefix: row.prefix,
    fields: row.fields,
    structure: row.structure,
    subjectKey: row.subject_key,
    preview: row.preview,
  };
}

/** Of each entry in a uid range: uid, email, save date in ms, whether the UIDL holds the uid too. */
export function entriesByUid(
  mailbox: MailboxId,
  first: number,
  last: number,
): Program<readonly (readonly [uid: number, email: number, savedAtMs: number, uidl: number])[]> {
  return rows(sql`SELECT uid, email, saved_at, uidl FROM entry WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last} ORDER BY uid`);
}
