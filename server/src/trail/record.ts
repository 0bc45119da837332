/**
 * What happened to each message, written in the same mutation as the thing itself: a trail that says more or less than happened is worth nothing.
 *
 * Rows of an account are found by account and time. What else is searched for (Message-ID, id of the SMTP reply, addresses) has a hash in `trail_key`,
 * ordered by period first: new keys fall into a small part of the tree, and a look-up asks each period once.
 */
import { hash } from 'node:crypto';
import type { AccountId, EmailId } from '#core/ids.ts';
import type { Tx } from '#store/mutation.ts';
import { one, type Program, run, sql } from '#store/sql.ts';

/** received: accepted by a door. filed: in an account's mailbox. queued: for recipients elsewhere. delivered, deferred, bounced: what the queue's attempts came to. */
export type TrailEventName = 'received' | 'filed' | 'queued' | 'delivered' | 'deferred' | 'bounced';

export type TrailDetails = Readonly<Record<string, string | number | boolean | readonly string[] | readonly number[]>>;

export interface TrailEvent {
  readonly event: TrailEventName;
  readonly atMs: number;
  /** Whose trail; undefined: the server's own, which the administrator sees. */
  readonly account: AccountId | undefined;
  /** The id of the SMTP reply: the same in every event of one accepted message. */
  readonly queueId: string;
  readonly email?: EmailId | undefined;
  /** With its angle brackets. */
  readonly messageId?: string | undefined;
  /**
   * By what the row can be found besides account and time. `received`: Message-ID, queue id, sender (recipients have their own rows); `filed`: nothing, it is
   * found through `received`, which must name its account in `details.accounts`; queue events: queue id, Message-ID, remote recipient.
   */
  readonly keys?: readonly (string | undefined)[];
  readonly details?: TrailDetails;
}

/** Part of a mutation. */
export function* record(_tx: Tx, event: TrailEvent): Program<void> {
  const { atMs, queueId, keys = [] } = event;
  const account = event.account ?? 0;
  const row = yield* one<{ readonly serial: number }>(sql`
    INSERT INTO trail (account, at, serial, event, queue_id, email, message_id, details)
    SELECT ${account}, ${atMs}, coalesce(max(serial) + 1, 0), ${event.event}, ${queueId}, ${event.email ?? 0}, ${clip(event.messageId ?? '')},
      ${JSON.stringify(event.details ?? {})}
    FROM trail WHERE account = ${account} AND at = ${atMs}
    RETURNING serial`);
  const serial = row?.serial ?? 0;
  for (const key of new Set(keys)) {
    if (key)
      yield* run(sql`INSERT INTO trail_key (period, hash, account, at, serial) VALUES (${periodOf(atMs)}, ${keyHash(key)}, ${account}, ${atMs}, ${serial})`);
  }
}

/** Milliseconds of one period of `trail_key`. */
export const PERIOD_MS: number = 2 ** 24;

export function periodOf(atMs: number): number {
  return Math.floor(atMs / PERIOD_MS);
}

/** 48 bits of a hash; the same for addresses in any case. Look-ups compare the row itself afterwards. */
export function keyHash(key: string): number {
  return hash('sha256', normalKey(key), 'buffer').readUIntBE(0, 6);
}

/** The form in which keys are compared. */
export function normalKey(key: string): string {
  return clip(key).normalize('NFC').toLowerCase();
}

/** A Message-ID has at most a line's length; what is longer is cut, for the row and for look-ups alike. */
function clip(text: string): string {
  return text.length > 998 ? text.slice(0, 998) : text;
}
