/** What lies in the queue, as the scheduler and the administrator see it: rows of `queue_message` and `queue_recipient`. */
import type { AccountId, BlobId } from '#core/ids.ts';
import { all, one, type Program, sql } from '#store/sql.ts';
import type { QueuedDeliverBy } from './enqueue.ts';
import type { Hold, HoldKind } from './hold.ts';
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
  /** MT-PRIORITY; undefined: not given. */
  readonly priority: number | undefined;
  readonly deliverBy: QueuedDeliverBy | undefined;
  readonly createdAtMs: number;
  /** Not to leave before; its age counts from here. */
  readonly releaseAtMs: number | undefined;
  readonly hold: Hold | undefined;
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

/** When the message was ours to send: its schedule, its notices and its end count from here. */
export function startOf({ createdAtMs, releaseAtMs }: QueuedMessage): number {
  return Math.max(createdAtMs, releaseAtMs ?? 0);
}

/** A recipient whose time has come, with its message. */
export interface DueRecipient {
  readonly message: QueuedMessage;
  readonly recipient: QueuedRecipient;
}

export interface MessageRow {
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
  readonly forward: string | null;
  readonly priority: number | null;
  readonly deliver_by: number | null;
  readonly deliver_mode: 'N' | 'NT' | 'R' | 'RT' | null;
  readonly created_at: number;
  readonly release_at: number | null;
  readonly hold_kind: HoldKind | null;
  readonly hold_reason: string | null;
}

export interface RecipientRow {
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

/**
 * The recipients that are due: of those with the highest priority that occurs the ones that have waited longest, then those of the next. Expired leases are among
 * them: whoever held them is gone.
 */
export function* readDue(nowMs: number, limit: number): Program<readonly DueRecipient[]> {
  const found: Array<MessageRow & RecipientRow> = [];
  for (let rank = yield* nextRank(ABOVE_ALL); rank !== undefined && found.length < limit; rank = yield* nextRank(rank)) {
    found.push(
      ...(yield* all<MessageRow & RecipientRow>(
        sql`SELECT m.*, r.* FROM queue_recipient AS r CROSS JOIN queue_message AS m
            WHERE m.queue_id = r.queue_id AND r.rank = ${rank} AND r.due_at IS NOT NULL AND r.due_at <= ${nowMs} ORDER BY r.due_at LIMIT ${limit - found.length}`,
      )),
    );
  }
  return together(found);
}

/** What waits for a full lane. */
export function* readParked(lane: string, limit: number): Program<readonly DueRecipient[]> {
  const found = yield* all<MessageRow & RecipientRow>(
    sql`SELECT m.*, r.* FROM queue_recipient AS r CROSS JOIN queue_message AS m
        WHERE m.queue_id = r.queue_id AND r.parked = ${lane} ORDER BY r.rank, r.due_at LIMIT ${limit}`,
  );
  return together(found);
}

/** The lanes that something is parked for, at most `limit`. */
export function* readParkedLanes(limit: number): Program<readonly string[]> {
  const lanes: string[] = [];
  for (let lane = ''; lanes.length < limit; ) {
    const row = yield* one<{ parked: string }>(
      sql`SELECT parked FROM queue_recipient WHERE parked IS NOT NULL AND parked > ${lane} ORDER BY parked, rank, due_at LIMIT 1`,
    );
    if (!row) break;
    lane = row.parked;
    lanes.push(lane);
  }
  return lanes;
}

/** Recipients of one message share it. */
function together(found: ReadonlyArray<MessageRow & RecipientRow>): readonly DueRecipient[] {
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
  let next: number | undefined;
  for (let rank = yield* nextRank(ABOVE_ALL); rank !== undefined; rank = yield* nextRank(rank)) {
    const row = yield* one<{ due_at: number }>(sql`SELECT due_at FROM queue_recipient WHERE rank = ${rank} AND due_at IS NOT NULL ORDER BY due_at LIMIT 1`);
    if (row) next = Math.min(next ?? row.due_at, row.due_at);
  }
  return next;
}

const ABOVE_ALL = -100;

/** The next rank that occurs: there are 19 at most, nearly always one, and each is one step in the index. */
function* nextRank(after: number): Program<number | undefined> {
  const row = yield* one<{ rank: number }>(sql`SELECT rank FROM queue_recipient WHERE due_at IS NOT NULL AND rank > ${after} ORDER BY rank, due_at LIMIT 1`);
  return row?.rank;
}

/** A message and who still waits for it; undefined when there is none. */
export function* readQueued(queueId: string): Program<{ readonly message: QueuedMessage; readonly recipients: readonly QueuedRecipient[] } | undefined> {
  const row = yield* one<MessageRow>(sql`SELECT * FROM queue_message WHERE queue_id = ${queueId}`);
  if (!row) return undefined;
  const found = yield* all<RecipientRow>(sql`SELECT * FROM queue_recipient WHERE queue_id = ${queueId} ORDER BY n`);
  return { message: toMessage(row), recipients: found.map(toRecipient) };
}

export function toMessage(row: MessageRow): QueuedMessage {
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
    priority: row.priority ?? undefined,
    deliverBy:
      row.deliver_by === null
        ? undefined
        : { atMs: row.deliver_by, mode: row.deliver_mode?.startsWith('R') === true ? 'R' : 'N', isTraced: row.deliver_mode?.endsWith('T') === true },
    createdAtMs: row.created_at,
    releaseAtMs: row.release_at ?? undefined,
    hold: row.hold_kind === null ? undefined : { kind: row.hold_kind, reason: row.hold_reason ?? '' },
    forward: row.forward ?? undefined,
  };
}

export function toRecipient(row: RecipientRow): QueuedRecipient {
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
