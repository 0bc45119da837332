/** A recorded event as it is read, and the keys by which it is found. */
import { hash } from 'node:crypto';
import type { AccountId, EmailId } from '#core/ids.ts';
import { keysOfEmails } from './emails.ts';
import type { TrailDetails, TrailEventName, TrailRecipient } from './record.ts';

export interface TrailEntry {
  /** Grows in the order of recording. */
  readonly trail: number;
  readonly atMs: number;
  readonly event: TrailEventName;
  /** Empty for events about mail in mailboxes. */
  readonly queueId: string;
  /** Empty where there was none. */
  readonly messageId: string;
  readonly by: AccountId | undefined;
  readonly sender: string;
  readonly recipients: readonly TrailRecipient[];
  readonly details: TrailDetails;
  /** Set for events about mail that lies in mailboxes: whose, and which (emails.ts); empty: all of a mailbox. */
  readonly mail?: { readonly account: AccountId; readonly emails: string };
}

export interface TrailRow {
  readonly trail: number;
  readonly at: number;
  readonly event: TrailEventName;
  readonly queue_id: string;
  readonly message_id: string;
  readonly by_account: number;
  readonly sender: string;
  readonly recipients: string;
  readonly details: string;
  readonly account: number;
  readonly emails: string;
}

export function toEntry(row: TrailRow): TrailEntry {
  const recipients = JSON.parse(row.recipients) as readonly (readonly [string, number, number, string?])[];
  return {
    trail: row.trail,
    atMs: row.at,
    event: row.event,
    queueId: row.queue_id,
    messageId: row.message_id,
    by: row.by_account === 0 ? undefined : (row.by_account as AccountId),
    sender: row.sender,
    recipients: recipients.map(([address, account, email, mailbox]) => ({
      address,
      account: account === 0 ? undefined : (account as AccountId),
      email: email === 0 ? undefined : (email as EmailId),
      ...(mailbox !== undefined && { mailbox }),
    })),
    details: JSON.parse(row.details) as TrailDetails,
    ...(row.account !== 0 && { mail: { account: row.account as AccountId, emails: row.emails } }),
  };
}

/** The id of the message that this one was made from: a forward's mail goes on under an id of its own. */
export function parentOf({ details }: Pick<TrailEntry, 'details'>): string | undefined {
  const { of } = details;
  return typeof of === 'string' && of !== '' ? of : undefined;
}

/** The forms in which an event is found: ids and addresses without regard to case, accounts by `accountKey`, mail by the keys of emails.ts. */
export function keysOf(entry: TrailEntry): ReadonlySet<string> {
  const { queueId, messageId, by, sender, recipients, mail } = entry;
  const keys = new Set([textKey(queueId), textKey(messageId), textKey(sender), textKey(parentOf(entry) ?? '')]);
  if (by !== undefined) keys.add(accountKey(by));
  for (const { address, account } of recipients) {
    keys.add(textKey(address));
    if (account !== undefined) keys.add(accountKey(account));
  }
  if (mail !== undefined) {
    keys.add(accountKey(mail.account));
    for (const key of keysOfEmails(mail.account, mail.emails)) keys.add(key);
  }
  keys.delete('');
  return keys;
}

/** A Message-ID is found with and without its angle brackets. */
export function textKey(text: string): string {
  return text
    .replace(/^<(.*)>$/s, '$1')
    .normalize('NFC')
    .toLowerCase();
}

/** No address and no id holds a space. */
export function accountKey(account: AccountId): string {
  return `account ${account}`;
}

/** 48 bits. Who looks up compares the entry's keys themselves afterwards. */
export function keyHash(key: string): number {
  return hash('sha256', key, 'buffer').readUIntBE(0, 6);
}

const PERIOD_ROWS = 2 ** 14;

export function periodOf(trail: number): number {
  return Math.floor(trail / PERIOD_ROWS);
}
