/**
 * What happened to each message, written in the same mutation as the thing itself: a trail that says more or less than happened is worth nothing.
 * One event is one row at the end of one table; what it can be found by is worked out later (index-trail.ts), so that a delivery hardly notices.
 */
import type { AccountId, EmailId } from '#core/ids.ts';
import type { Tx } from '#store/mutation.ts';
import { type Program, run, sql } from '#store/sql.ts';
import { formatEmails } from './emails.ts';

/**
 * received: accepted by a door, for whom, and what the checks came to (checks.ts). refused: not accepted at its end because of them. queued: for recipients elsewhere. delivered, deferred, bounced: what the queue's attempts came to.
 * dropped, held, released, retried: by an administrator or a limit. repeated: an attempt that may have delivered before it was broken off. forwarded: passed on to the
 * address of a forward. kept: not passed on by a forward, and why. confirmed: the target of a forward has agreed. suppressed: not tried, the address is on the list. noticed: the sender was told. limited: refused or slowed by a limit on the sender.
 * filed: put into a mailbox otherwise than by delivery (appended, copied). moved, marked (as deleted), deleted: the mail itself, later; see mail-changes.ts.
 */
export type TrailEventName =
  | 'received'
  | 'refused'
  | 'queued'
  | 'delivered'
  | 'deferred'
  | 'bounced'
  | 'dropped'
  | 'held'
  | 'released'
  | 'retried'
  | 'repeated'
  | 'forwarded'
  | 'kept'
  | 'confirmed'
  | 'suppressed'
  | 'noticed'
  | 'limited'
  | 'filed'
  | 'moved'
  | 'marked'
  | 'deleted';

export type TrailValue = string | number | boolean | null | readonly TrailValue[] | { readonly [name: string]: TrailValue | undefined };

/** Anything that JSON can hold. */
export type TrailDetails = { readonly [name: string]: TrailValue | undefined };

export interface TrailRecipient {
  readonly address: string;
  /** Who has that address here; undefined: it is elsewhere. */
  readonly account?: AccountId | undefined;
  /** The message in that account. */
  readonly email?: EmailId | undefined;
  /** Where it was filed: `INBOX`, `Junk`. */
  readonly mailbox?: string | undefined;
}

export interface TrailEvent {
  readonly event: TrailEventName;
  readonly atMs: number;
  /** The id of the SMTP reply: the same in every event of one accepted message. */
  readonly queueId: string;
  /** With its angle brackets. */
  readonly messageId?: string | undefined;
  /** Who sent it, where one of our accounts did. */
  readonly by?: AccountId | undefined;
  /** Reverse path; empty for the null sender. */
  readonly sender?: string;
  /** Those whom the event concerns: all that were accepted, or the one that an attempt was for. */
  readonly recipients?: readonly TrailRecipient[];
  /** What else is worth knowing: peer, protocol, size, reply. Never a text of the message, never a secret. */
  readonly details?: TrailDetails | DetailsText;
}

/** Details already written out, by whoever asks for the mutation: the one writer is spared the work, and the message between threads is a text. */
export type DetailsText = string & { readonly [brand]: 'details' };
declare const brand: unique symbol;

/** Writes details out. */
export function detailsText(details: TrailDetails): DetailsText {
  return JSON.stringify(details) as DetailsText;
}

/** Part of a mutation. */
export function* record(_tx: Tx, event: TrailEvent): Program<void> {
  const recipients = (event.recipients ?? []).map(({ address, account, email, mailbox }) =>
    mailbox === undefined ? [address, account ?? 0, email ?? 0] : [address, account ?? 0, email ?? 0, mailbox],
  );
  // The key is left to the engine, which takes one more than the largest: asking for that first would cost as much as the row.
  yield* run(sql`
    INSERT INTO trail (at, event, queue_id, message_id, by_account, sender, recipients, details)
    VALUES (${event.atMs}, ${event.event}, ${event.queueId}, ${(event.messageId ?? '').slice(0, LINE)}, ${event.by ?? 0}, ${event.sender ?? ''},
      ${JSON.stringify(recipients)}, ${typeof event.details === 'string' ? event.details : detailsText(event.details ?? {})})`);
}

/** What is done to messages that lie in mailboxes of one account: one row, however many they are. */
export interface MailEvent {
  readonly event: TrailEventName;
  readonly atMs: number;
  /** With its angle brackets, where it is told of one message. */
  readonly messageId?: string | undefined;
  /** Whose act it is. */
  readonly by: AccountId;
  /** Whose mail it is. */
  readonly account: AccountId;
  /** In any order. */
  readonly emails: readonly number[];
  readonly details: TrailDetails;
}

/** Part of a mutation. */
export function* recordMail(_tx: Tx, { event, atMs, messageId = '', by, account, emails, details }: MailEvent): Program<void> {
  yield* run(sql`
    INSERT INTO trail (at, event, queue_id, message_id, by_account, details, account, emails)
    VALUES (${atMs}, ${event}, '', ${messageId.slice(0, LINE)}, ${by}, ${JSON.stringify(details)}, ${account}, ${formatEmails(emails)})`);
}

/** Characters of a line, RFC 5322 §2.1.1: a longer Message-ID is cut. */
const LINE = 998;
