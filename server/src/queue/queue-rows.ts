/** What lies in the queue, as the scheduler and the administrator see it: rows of `queue_message` and `queue_recipient`. */
import type { AccountId, BlobId } from '#core/ids.ts';
import { all, one, type Program, sql } from '#store/sql.ts';
import type { TlsNeed } from './transport.ts';

export interface QueuedMessage {
  readonly queueId: string;
  readonly account: AccountId | undefined;
  /** Reverse-path; empty for the null one. */
  readonly sender: string;
  readonly blob: BlobId;
  readonly bodyBytes: number;
  readonly prefix: Uint8Array;
  readonly isEightBit: boolean;
  readonly smtpUtf8: boolean;
  readonly ret: 'FULL' | 'HDRS' | undefined;
  readonly envelopeId: string | undefined;
  readonly tlsNeed: TlsNeed | undefined;
  readonly createdAtMs: number;
  /** The forward that has sent it on, where one has. */
  readonly forward: string | undefined;
}

export interface QueuedRecipient {
  readonly n: number;
  readonly localPart: string;
  readonly domain: string;
  readonly notify: readonly string[] | undefined;
  readonly originalRecipient: string | undefined;
  readonly attempts: number;
  /** When it will be tried next; undefined while it is held. */
  readonly dueAtMs: number | undefined;
  readonly isHeld: boolean;
  /** Somebody is trying now. */
  readonly isLeased: boolean;
  readonly isDelayTold: boolean;
  readonly triedAtMs: number | undefined;
  readonly lastStatus: string | undefined;
  readonly lastHost: string | undefined;
  readonly lastReply: string | undefined;
}

/** A recipient whose time has come, with its message. */
export interface DueRecipient {
  readonly message: QueuedMessage;
  readonly recipient: QueuedRecipient;
}

interface MessageRow {
  readonly queue_id: string;
  readonly account: number | null;
  readonly sender: string;
  readonly blob: number;
  readonly body_size: number;
  readonly prefix: Uint8Array;
  readonly eight_bit: number;
  readonly smtp_utf8: number;
  readonly ret: 'FULL' | 'HDRS' | null;
  readonly envelope_id: string | null;
  readonly tls: TlsNeed | null;
  readonly created_at: number;
  readonly forward: string | null;
}

interface RecipientRow {
  readonly n: number;
  readonly local_part: string;
  readonly domain: string;
  readonly notify: string | null;
  readonly original: string | null;
  readonly attempts: number;
  readonly due_at: number | null;
  readonly lease_owner: string | null;
  readonly held: number;
  readonly delay_told: number;
  readonly tried_at: number | null;
  readonly last_status: string | null;
  readonly last_host: string | null;
  readonly last_reply: string | null;
}

/** The recipients that are due, those that have waited longest first. Expired leases are among them: whoever held them is gone. */
export function* readDue(nowMs: number, limit: number): Program<readonly DueRecipient[]> {
  const found = yield* all<MessageRow & RecipientRow>(
    sql`SELECT m.*, r.* FROM queue_recipient AS r JOIN queue_message AS m ON m.queue_id = r.queue_id
        WHERE r.due_at IS NOT NULL AND r.due_at <= ${nowMs} ORDER BY r.due_at LIMIT ${limit}`,
  );
  const messages = new Map<string, QueuedMessage>();
  return found.map((row) => {
    const known = messages.get(row.queue_id);
    const message = known ?? toMessage(row);
    if (!known) messages.set(row.queue_id, message);
    return { message, recipient: toRecipient(row) };
  });
}

/** When the next recipient is due (or the next lease ends); undefined when nothing waits. */
export function* readNextDue(): Program<number | undefined> {
  const row = yield* one<{ due_at: number }>(sql`SELECT due_at FROM queue_recipient WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1`);
  return row?.due_at;
}

/** A message and who still waits for it; undefined when there is none. */
export function* readQueued(queueId: string): Program<{ readonly message: QueuedMessage; readonly recipients: readonly QueuedRecipient[] } | undefined> {
  const row = yield* one<MessageRow>(sql`SELECT * FROM queue_message WHERE queue_id = ${queueId}`);
  if (!row) return undefined;
  const found = yield* all<RecipientRow>(sql`SELECT * FROM queue_recipient WHERE queue_id = ${queueId} ORDER BY n`);
  return { message: toMessage(row), recipients: found.map(toRecipient) };
}

/** A page of the queue in the order of ids, behind `after` ('' from the beginning). */
export function* listQueued(
  after: string,
  limit: number,
): Program<readonly { readonly message: QueuedMessage; readonly recipients: readonly QueuedRecipient[] }[]> {
  const found = yield* all<MessageRow>(sql`SELECT * FROM queue_message WHERE queue_id > ${after} ORDER BY queue_id LIMIT ${limit}`);
  const page: Array<{ message: QueuedMessage; recipients: readonly QueuedRecipient[] }> = [];
  for (const row of found) {
    const recipients = yield* all<RecipientRow>(sql`SELECT * FROM queue_recipient WHERE queue_id = ${row.queue_id} ORDER BY n`);
    page.push({ message: toMessage(row), recipients: recipients.map(toRecipient) });
  }
  return page;
}

function toMessage(row: MessageRow): QueuedMessage {
  return {
    queueId: row.queue_id,
    account: row.account === null ? undefined : (row.account as AccountId),
    sender: row.sender,
    blob: row.blob as BlobId,
    bodyBytes: row.body_size,
    prefix: row.prefix,
    isEightBit: row.eight_bit === 1,
    smtpUtf8: row.smtp_utf8 === 1,
    ret: row.ret ?? undefined,
    envelopeId: row.envelope_id ?? undefined,
    tlsNeed: row.tls ?? undefined,
    createdAtMs: row.created_at,
    forward: row.forward ?? undefined,
  };
}

function toRecipient(row: RecipientRow): QueuedRecipient {
  return {
    n: row.n,
    localPart: row.local_part,
    domain: row.domain,
    notify: row.notify?.split(','),
    originalRecipient: row.original ?? undefined,
    attempts: row.attempts,
    dueAtMs: row.due_at ?? undefined,
    isHeld: row.held === 1,
    isLeased: row.lease_owner !== null,
    isDelayTold: row.delay_told === 1,
    triedAtMs: row.tried_at ?? undefined,
    lastStatus: row.last_status ?? undefined,
    lastHost: row.last_host ?? undefined,
    lastReply: row.last_reply ?? undefined,
  };
}
